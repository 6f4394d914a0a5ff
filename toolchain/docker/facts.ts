/** What was seen about Docker and the machine. Gathered by docker.ts, judged here. */
export interface DockerFacts {
    /** `docker info` answered. */
    answers: boolean;
    /** What `docker info` or the connection said when it did not. */
    complaint: string;
    /** DOCKER_HOST or the chosen context, when it points elsewhere than the machine's own socket. */
    remote: string | undefined;
    /** The `docker` command is on PATH. */
    client: boolean;
    /** The `dockerd` command is on PATH or in /usr/sbin. */
    daemon: boolean;
    /** A dockerd process lives (perhaps still starting). */
    daemonRunning: boolean;
    /** The effective user is root. */
    root: boolean;
    /** `ID` and `ID_LIKE` of /etc/os-release. */
    distribution: string[];
    /** systemd is process 1 (/run/systemd/system exists). */
    systemd: boolean;
}

export type DockerDecision =
    | { do: "use" }
    | { do: "install-and-start" | "start"; how: "systemctl" | "dockerd" }
    | { do: "wait" }
    | { do: "give-up"; message: string };

/**
 * What is to be done so that Docker answers. Pure: the same facts give the same decision.
 * The lab installs and starts Docker only as root on Debian or Ubuntu; in every other case one message says what a person has to do.
 */
export function decideDocker(facts: DockerFacts): DockerDecision {
    if (facts.answers) {
        return { do: "use" };
    }
    if (facts.remote !== undefined) {
        return giveUp(
            `Docker at ${facts.remote} does not answer (${facts.complaint}): start it, or unset DOCKER_HOST to use this machine's own.`,
        );
    }
    if (/permission denied/i.test(facts.complaint)) {
        return giveUp(
            "Docker is running, but this user may not use it: add the user to the group docker (sudo usermod -aG docker $USER, then log in again), or run the lab as root.",
        );
    }
    const debian = facts.distribution.some((id) => id === "debian" || id === "ubuntu");
    const how = facts.systemd ? "systemctl" : "dockerd";
    if (!facts.client || !facts.daemon) {
        if (facts.root && debian) {
            return { do: "install-and-start", how };
        }
        return giveUp(
            debian
                ? "Docker is not installed and we are not root: run `sudo apt-get install docker.io`, or run the lab as root and it does so itself."
                : `Docker is not installed, and on ${facts.distribution[0] ?? "this system"} the lab cannot install it: install Docker Engine 20.10 or newer and start it.`,
        );
    }
    if (facts.daemonRunning) {
        return { do: "wait" };
    }
    if (facts.root) {
        return { do: "start", how };
    }
    return giveUp(
        `Docker is installed but not running, and we are not root: ${facts.systemd ? "run `sudo systemctl start docker`" : "start it (`sudo dockerd`)"}, or run the lab as root.`,
    );
}

function giveUp(message: string): DockerDecision {
    return { do: "give-up", message };
}
