import { expect } from "chai";
import { eventually, NAMESPACE, PREFIX, run } from "./harness";
import type { Live } from "./live";

/** The container of the embedded Kubernetes node. */
const NODE = `${PREFIX}-control-plane`;

/** Something of the lab that can be killed, and comes back by itself. */
export interface Part {
    name: string;
    /**
     * Kills it where it runs, and waits until it runs again.
     * @throws Error when it was not killed, or does not come back
     */
    kill: (live: Live) => Promise<void>;
}

/** Runs a command in the node's container. @throws Error with its output when it fails */
async function inNode(...command: string[]): Promise<string> {
    const { code, output } = await run("docker", ["exec", NODE, ...command], { quiet: true });
    expect(code, `${command.join(" ")}: ${output}`).to.equal(0);
    return output;
}

/** A container of a pod. Containerd ends it with SIGKILL, as the kernel does when memory runs out. */
export const podContainer = (container: string, podName: RegExp, namespace = NAMESPACE): Part => ({
    name: `${container} (${podName.source})`,
    async kill(live) {
        const find = async () => {
            const pods = await live.pods();
            const pod = pods.find(
                ({ metadata }) => metadata?.namespace === namespace && podName.test(metadata.name ?? ""),
            );
            // Sidecars are among the init containers.
            const statuses = [...(pod?.status?.containerStatuses ?? []), ...(pod?.status?.initContainerStatuses ?? [])];
            const status = statuses.find(({ name }) => name === container);
            if (status === undefined) {
                throw new Error(
                    `no pod of ${namespace} is named like ${podName.source} and has a container ${container}`,
                );
            }
            return status;
        };
        const before = await find();
        const id = (before.containerID ?? "").replace("containerd://", "");
        await inNode("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id);
        await eventually(
            `${container} running again after it was killed`,
            300,
            async () => {
                const now = await find();
                return now.restartCount > before.restartCount && now.ready;
            },
            find,
        );
    },
});

/** A program of the node, which runit starts again. */
export const nodeService = (service: string): Part => ({
    name: `${service} of the node`,
    async kill(live) {
        const pid = async () => /\(pid (\d+)\)/.exec(await inNode("sv", "status", `/run/service/${service}`))?.[1];
        const before = await pid();
        expect(before, `pid of ${service}`).to.not.equal(undefined);
        await inNode("sv", "kill", `/run/service/${service}`);
        await eventually(
            `${service} running again, and the node Ready`,
            180,
            async () => {
                const now = await pid();
                return now !== undefined && now !== before && (await live.nodesReady());
            },
            () => inNode("sv", "status", `/run/service/${service}`),
        );
    },
});

/** A Docker container of a pair. Its process gets SIGKILL at once, without a time to end in, and is started again. */
export const pairContainer = (name: string): Part => ({
    name,
    async kill(live) {
        const container = live.docker.getContainer(`${PREFIX}-${name}`);
        const started = async () => (await container.inspect()).State.StartedAt;
        const before = await started();
        await container.restart({ t: 0 });
        expect(await started()).to.not.equal(before);
    },
});
