/** What facts.ts saw of a Docker that does not answer, and of the machine. */
export interface DockerFacts {
    /** The reason why Docker does not answer, as `docker info` or the connection gave it. */
    complaint: string;
    /** Address in DOCKER_HOST or in the chosen context, unless it is this machine's own socket. */
    remote: string | undefined;
    /** The `docker` command is on PATH. */
    client: boolean;
    /** The `dockerd` command is on PATH or in /usr/sbin. */
    daemon: boolean;
    /** A dockerd process lives; it may still be starting. */
    daemonRunning: boolean;
    /** The effective user is root. */
    root: boolean;
    /** `ID` and `ID_LIKE` of /etc/os-release. */
    distribution: string[];
    /** systemd is process 1 (/run/systemd/system exists). */
    systemd: boolean;
}

export type DockerDecision =
    | { do: "install" }
    | { do: "start"; how: "systemctl" | "dockerd" }
    | { do: "wait" }
    | { do: "give-up"; message: string };

/**
 * Decides what makes Docker answer. Pure: the same facts give the same decision.
 * The lab starts Docker only as root, and installs it only as root on Debian or Ubuntu. In every other case one message
 * says what a person has to do.
 */
export function decideDocker(facts: DockerFacts): DockerDecision {
    if (facts.remote !== undefined) {
        return giveUp(
            `Docker at ${facts.remote} does not answer (${facts.complaint}): ` +
                "start it, or unset DOCKER_HOST to use this machine's own.",
        );
    }
    if (/permission denied/i.test(facts.complaint)) {
        return giveUp(
            "Docker is running, but this user may not use it: add the user to the group docker " +
                "(sudo usermod -aG docker $USER, then log in again), or run the lab as root.",
        );
    }
    const [system = "this system"] = facts.distribution;
    const debian = facts.distribution.some((id) => id === "debian" || id === "ubuntu");
    if (!facts.client || !facts.daemon) {
        if (facts.root && debian) {
            return { do: "install" };
        }
        return giveUp(
            debian
                ? "Docker is not installed, and only root can install it: run `sudo apt-get install docker.io`, " +
                      "or run the lab as root, which installs it."
                : `Docker is not installed, and on ${system} the lab cannot install it: ` +
                      "install Docker Engine 20.10 or newer and start it.",
        );
    }
    if (facts.daemonRunning) {
        return { do: "wait" };
    }
    if (facts.root) {
        return { do: "start", how: facts.systemd ? "systemctl" : "dockerd" };
    }
    const command = facts.systemd ? "sudo systemctl start docker" : "sudo dockerd";
    return giveUp(
        `Docker is installed but not running, and only root can start it: run \`${command}\`, or run the lab as root.`,
    );
}

function giveUp(message: string): DockerDecision {
    return { do: "give-up", message };
}
