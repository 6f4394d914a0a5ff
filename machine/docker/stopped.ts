import Docker from "dockerode";
import { errorText } from "../../lib/error-text";
import { waitUntil } from "../../lib/wait-until";
import { UserError } from "../../plan/user-error";
import { labLabel } from "./objects";

/**
 * States of a container that nobody but a person ends. Docker restarts the lab's containers itself, unless they were
 * stopped, killed or paused by hand.
 */
const STANDING_STILL = ["exited", "paused"];

/** Longest time until a started container is healthy, seconds. A node takes about 10 s, on a busy machine 60 s. */
const HEALTHY_SECONDS = 180;

/** A container of a lab that stands still. */
export interface StoppedContainer {
    id: string;
    name: string;
    isPaused: boolean;
    /** Its state in Docker's words: "Exited (137) 2 minutes ago". */
    status: string;
}

/**
 * The containers of a lab that stand still.
 * @param prefix of the lab
 * @throws Error when Docker does not answer
 */
export async function stoppedContainers(prefix: string, docker = new Docker()): Promise<StoppedContainer[]> {
    const found = await docker.listContainers({
        all: true,
        filters: { label: [labLabel(prefix)], status: STANDING_STILL },
    });
    return found.map(({ Id, Names, State, Status }) => ({
        id: Id,
        name: (Names[0] ?? Id).replace(/^\//, ""),
        isPaused: State === "paused",
        status: Status,
    }));
}

/** The command that makes a container go on. */
export const startCommand = ({ name, isPaused }: Pick<StoppedContainer, "name" | "isPaused">): string =>
    `docker ${isPaused ? "unpause" : "start"} ${name}`;

/**
 * Starts the containers of a lab that stand still, and waits until those with a health check are healthy: the node's
 * API server answers then. Without this, Pulumi waits for minutes for a cluster that does not answer, and names neither
 * the container nor what to do. Whoever calls this has made sure whose lab it is.
 * @param say told each start, a line each
 * @throws UserError when a container cannot be started or does not become healthy, with the command to try
 */
export async function startStopped(prefix: string, say: (text: string) => void, docker = new Docker()): Promise<void> {
    const stopped = await stoppedContainers(prefix, docker);
    await Promise.all(stopped.map((each) => startOne(docker, each, say)));
}

async function startOne(docker: Docker, stopped: StoppedContainer, say: (text: string) => void): Promise<void> {
    const { id, name, isPaused, status } = stopped;
    const container = docker.getContainer(id);
    say(`starts the container ${name}, which stands still: ${status}`);
    try {
        await (isPaused ? container.unpause() : container.start());
        await waitUntil({
            what: `the container ${name} to be healthy`,
            timeoutMs: HEALTHY_SECONDS * 1000,
            look: async () => {
                const { State } = await container.inspect();
                const health = State.Health?.Status;
                const works = State.Running && (health === undefined || health === "none" || health === "healthy");
                return works ? { done: true } : { pending: [health ?? State.Status] };
            },
        });
    } catch (error) {
        const command = startCommand(stopped);
        throw new UserError(`The container ${name} of the lab stands still. '${command}' failed: ${errorText(error)}`);
    }
}
