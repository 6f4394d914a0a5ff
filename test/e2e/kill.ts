import { expect } from "chai";
import { eventually, NAMESPACE, PREFIX, run } from "./harness";
import type { Live } from "./live";
import { SUBSTRATE } from "./substrate";

/** Something of the lab that can be killed, and comes back by itself. */
export interface Part {
    name: string;
    /**
     * Kills it where it runs, and waits until it runs again.
     * @throws Error when it was not killed, or does not come back
     */
    kill: (live: Live) => Promise<void>;
}

/** Runs a command in a node's container, which has the node's name. @throws Error with its output when it fails */
async function inNode(node: string, ...command: string[]): Promise<string> {
    const { code, output } = await run("docker", ["exec", node, ...command], { quiet: true });
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
            return { ...status, node: String(pod?.spec?.nodeName) };
        };
        const before = await find();
        const id = (before.containerID ?? "").replace("containerd://", "");
        await inNode(before.node, "ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id);
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

/** How a service of the node is asked for its process, and killed, by the program that starts it again. */
const SERVICES = {
    runit: {
        status: (service: string) => ["sv", "status", `/run/service/${service}`],
        kill: (service: string) => ["sv", "kill", `/run/service/${service}`],
        pid: /\(pid (\d+)\)/,
    },
    systemd: {
        status: (service: string) => ["systemctl", "show", "--property=MainPID", service],
        kill: (service: string) => ["systemctl", "kill", "--signal=SIGKILL", service],
        pid: /MainPID=([1-9]\d*)/,
    },
};

/** A program of the node, which is started again there. */
export const nodeService = (service: string): Part => ({
    name: `${service} of the node`,
    async kill(live) {
        const { status, kill, pid: pattern } = SERVICES[SUBSTRATE.services];
        const node = SUBSTRATE.node();
        const pid = async () => pattern.exec(await inNode(node, ...status(service)))?.[1];
        const before = await pid();
        expect(before, `pid of ${service}`).to.not.equal(undefined);
        await inNode(node, ...kill(service));
        await eventually(
            `${service} running again, and the node Ready`,
            180,
            async () => {
                const now = await pid();
                return now !== undefined && now !== before && (await live.nodesReady());
            },
            () => inNode(node, ...status(service)),
        );
    },
});

/** A part of the control plane: a service of the node, or the container of a static pod, as kubeadm makes them. */
export const controlPlane = (name: string): Part =>
    SUBSTRATE.services === "runit" ? nodeService(name) : podContainer(name, new RegExp(`^${name}-`), "kube-system");

/** A container of a pair. Its process gets SIGKILL at once, without a time to end in, and is started again. */
export const pairContainer = (pair: string, container: string): Part =>
    SUBSTRATE.pairs === "pods"
        ? podContainer(container, new RegExp(`^${pair}-`))
        : {
              name: `${pair}-${container}`,
              async kill(live) {
                  const of = live.docker.getContainer(`${PREFIX}-${pair}-${container}`);
                  const started = async () => (await of.inspect()).State.StartedAt;
                  const before = await started();
                  await of.restart({ t: 0 });
                  expect(await started()).to.not.equal(before);
              },
          };
