import { existsSync, rmSync } from "node:fs";
import { PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { expect } from "chai";
import { FAKE_API_SERVER_LABEL } from "../../../plan/manifests/cluster-objects";
import { copyCluster, deleteCluster } from "../extra-cluster";
import { configure, eventually, NAMESPACE, PREFIX, pulumi, pulumiEnvironment, run, STACK } from "../harness";
import { SUBSTRATE } from "../substrate";
import { reach } from "../workload-cluster";
import { lab, operations, up } from "./lab";

const CLUSTERS = { group: "cluster.x-k8s.io", version: "v1beta2", plural: "clusters", namespace: NAMESPACE };

/** Runs a command in the node's container. */
async function inNode(...args: string[]): Promise<string> {
    const { code, output } = await run("docker", ["exec", SUBSTRATE.node(), ...args], { quiet: true });
    expect(code, output).to.equal(0);
    return output;
}

/** The pod of FKAS, and whether all of it is ready. */
async function fkas(): Promise<{ name: string; uid: string; image: string; ready: boolean } | undefined> {
    const pod = (await lab.live.pods()).find(({ metadata }) => metadata?.name?.startsWith("fkas-0-"));
    return (
        pod && {
            name: String(pod.metadata?.name),
            uid: String(pod.metadata?.uid),
            image: String(pod.spec?.containers[0]?.image),
            ready: pod.status?.containerStatuses?.every(({ ready }) => ready) === true,
        }
    );
}

/** What a person does to a lab without meaning harm. */
export function slips(): void {
    it("writes its kubeconfig again after git clean, and hands out kubeconfigs that can be merged", async () => {
        rmSync(`.lab/${STACK}`, { recursive: true });
        await up();
        expect(existsSync(`.lab/${STACK}/kubeconfig`)).to.equal(true);
        const cluster = await reach("cluster-0000");
        const files = [`.lab/${STACK}/kubeconfig`, cluster.kubeconfig].join(":");
        const names = await run("kubectl", ["config", "get-contexts", "-o", "name"], {
            env: { ...(await pulumiEnvironment()), KUBECONFIG: files },
            quiet: true,
        }).finally(cluster.close);
        expect(names.output.trim().split("\n")).to.have.members([SUBSTRATE.context, `${PREFIX}-cluster-0000`]);
    });

    if (SUBSTRATE.services === "runit" && SUBSTRATE.isOwn) {
        it("brings back an image that was removed from its node", async () => {
            const before = await fkas();
            const image = `docker.io/${before?.image}`;
            await inNode("ctr", "--namespace", "k8s.io", "images", "rm", image);
            await up();
            expect(await inNode("ctr", "--namespace", "k8s.io", "images", "ls", "--quiet")).to.include(image);
            await lab.live.core.deleteNamespacedPod({ name: String(before?.name), namespace: NAMESPACE });
            await eventually(
                "another pod of FKAS, ready",
                120,
                async () => {
                    const now = await fkas();
                    return now?.ready === true && now.uid !== before?.uid;
                },
                fkas,
            );
        });
    }

    it("refuses to shrink while what leaves is paused, and names the field and the way out", async () => {
        const clusters = await lab.live.clusters();
        const name = clusters
            .map(({ metadata }) => String(metadata.name))
            .sort()
            .at(-1) as string;
        const pause = async (paused: boolean): Promise<void> => {
            const request = { ...CLUSTERS, name, body: { spec: { paused } } };
            const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
            await lab.live.objects.patchNamespacedCustomObject(request, options);
        };
        await pause(true);
        await configure({ clusters: clusters.length - 1 });
        for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { code, output } = await pulumi(args, { quiet: true });
            expect(code, output).to.not.equal(0);
            expect(output)
                .to.include(`Cluster ${name} is paused by its field spec.paused`)
                .and.include(`kubectl -n ${NAMESPACE} patch cluster ${name}`);
        }
        await pause(false);
        await configure({ clusters: clusters.length });
        expect(await operations()).to.deep.equal({});
    });

    it("serves a cluster of its user without a label, and tells one whose port no Service opens", async () => {
        const [own, lost] = ["own", "lost"];
        await copyCluster(lab.live, "cluster-0000", own, 49, false);
        await copyCluster(lab.live, "cluster-0000", lost, 50, false);
        const label = async (): Promise<unknown> =>
            (await lab.live.clusters()).find(({ metadata }) => metadata.name === own)?.metadata.labels?.[
                FAKE_API_SERVER_LABEL
            ];
        const told = async (): Promise<string[]> => {
            const fieldSelector = `involvedObject.name=${lost},reason=NotServed`;
            const { items } = await lab.live.core.listNamespacedEvent({ namespace: NAMESPACE, fieldSelector });
            return items.map(({ message }) => message ?? "");
        };
        try {
            await eventually(
                "the label of the one, and the Event of the other",
                120,
                async () => (await label()) === "0" && (await told()).length > 0,
                async () => [await label(), await told()],
            );
            expect((await told())[0])
                .to.include(":20050: the Services of the lab open ")
                .and.include(":20000-20049");
        } finally {
            await deleteCluster(lab.live, own);
            await deleteCluster(lab.live, lost);
        }
        const left = async (): Promise<string[]> =>
            (await lab.live.clusters())
                .map(({ metadata }) => String(metadata.name))
                .filter((name) => /own|lost/.test(name));
        await eventually("both to be gone", 180, async () => (await left()).length === 0, left);
    });
}
