import { expect } from "chai";
import { ClusterThere, CONTEXT_THERE } from "./cluster-there";
import { configure, eventually, lab as command, pulumi, removeState, STACK, tally } from "./harness";
import { Live } from "./live";
import { isAsPlanned } from "./steps/fleet";
import { lab, makeStack, nothingToDo, npmRunUp, up } from "./steps/lab";

const MINUTE = 60_000;
/** Nodes and taints that take every pod of the lab, as before: what changes is the pods. */
const LINUX = JSON.stringify({ "kubernetes.io/os": "linux" });
const ANYTHING = JSON.stringify([{ key: "lab", operator: "Exists" }]);
const LAB = {
    substrate: "existing" as const,
    nodes: 6,
    clusters: 3,
    conductors: 2,
    controlPlaneNodes: 1,
    workerNodes: 0,
    kubernetesVersion: "v1.35.4",
};

/** Nodes on which pods of the lab run, with their number. */
const podsByNode = async (): Promise<Record<string, number>> =>
    tally((await lab.live.pods()).map(({ spec }) => String(spec?.nodeName)));

describe("a lab in a cluster of three nodes that is there", function () {
    this.timeout(40 * MINUTE);
    this.bail(true);
    let there: ClusterThere;

    it("finds a cluster with the rights that the documents list, and no others", async () => {
        there = await ClusterThere.make();
    });

    it("comes up with the kubeconfig of that account alone", async () => {
        await makeStack();
        await configure({ ...LAB, ...there.settings, hostsAtOnce: 6 });
        await up();
        lab.live = new Live(there.user);
        await isAsPlanned(LAB);
    });

    it("spreads its pods over the nodes", async () => {
        expect(Object.keys(await podsByNode())).to.have.members(there.nodes);
    });

    it("has nothing left to do", nothingToDo);

    it("takes changes of the keys that belong to it", async () => {
        await configure({
            nodeSelector: LINUX,
            tolerations: ANYTHING,
            clusterWideTuning: "true",
        });
        const refused = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(refused.output).to.include("mutatingadmissionpolicies.admissionregistration.k8s.io");
        await configure({ clusterWideTuning: "false", kubeconfig: there.copy, kubeContext: CONTEXT_THERE });
        await up();
        await isAsPlanned(LAB);
    });

    it("loses nothing when a node is drained and another one is lost in the midst of provisioning", async () => {
        const large = { ...LAB, nodes: 60, clusters: 30, conductors: 3 };
        const [, drained = "", lost = ""] = there.nodes;
        await configure({ nodes: large.nodes, clusters: large.clusters, conductors: large.conductors });
        let over = false;
        const rising = npmRunUp().finally(() => (over = true));
        const provisioned = async () => (await lab.live.hostsByState())["provisioned"] ?? 0;
        const inMidst = async (least: number) =>
            (await lab.live.clusters()).length === large.clusters && (await provisioned()) >= least;
        const until = (least: number) =>
            eventually(`${least} hosts provisioned`, 900, async () => over || (await inMidst(least)), provisioned);
        await until(10);
        expect(over, "up has ended before a node is drained").to.equal(false);
        await there.kubectl(["drain", drained, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"]);
        await there.kubectl(["uncordon", drained]);
        await until(20);
        expect(over, "up has ended before a node is lost").to.equal(false);
        await lab.live.docker.getContainer(lost).kill();
        await rising;
        expect(await provisioned()).to.equal(large.clusters);
        await lab.live.docker.getContainer(lost).start();
        await there.allReady();
        await isAsPlanned(large);
    });

    it("is destroyed, and leaves nothing behind", async () => {
        const { code, output } = await pulumi(["destroy", "--yes", "--skip-preview"]);
        expect(code, output).to.equal(0);
        expect(await there.differences()).to.deep.equal([]);
    });

    after(async () => {
        await command("down", "--stack", STACK);
        await (there as ClusterThere | undefined)?.end();
        removeState();
    });
});
