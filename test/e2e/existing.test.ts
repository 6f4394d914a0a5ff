import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import {
    allNodesReady,
    destroyCluster,
    kubectl,
    makeAccount,
    makeCluster,
    nodeNames,
    storageClass,
} from "./existing-cluster";
import { configure, eventually, lab as command, pulumi, removeState, STACK, tally } from "./harness";
import { within } from "./ironic";
import { Live } from "./live";
import { TestRegistry } from "./registry/registry";
import { isAsPlanned } from "./steps/fleet";
import { lab, makeStack, nothingToDo, npmRunUp, up } from "./steps/lab";

const MINUTE = 60_000;
const FOLDER = resolve(".lab", "e2e-existing");
const ADMIN = `${FOLDER}/admin`;
const USER = `${FOLDER}/user`;
/** The same once more: another file that leads to the same cluster. */
const COPY = `${FOLDER}/copy`;
/** Nodes and taints that take every pod of the lab, as before: what changes is the pods. */
const LINUX = JSON.stringify({ "kubernetes.io/os": "linux" });
const ANYTHING = JSON.stringify([{ key: "lab", operator: "Exists" }]);
const CONTEXT = "m3lab-there";
const LAB = {
    substrate: "existing" as const,
    nodes: 6,
    clusters: 3,
    conductors: 2,
    controlPlaneNodes: 1,
    workerNodes: 0,
    kubernetesVersion: "v1.35.4",
};

/** Everything in the cluster that could be a lab's, by kind and name. */
async function inventory(): Promise<string[]> {
    const whole = ["crd", "clusterrole", "clusterrolebinding", "namespace", "pv"];
    const webhooks = ["validatingwebhookconfiguration", "mutatingwebhookconfiguration"];
    const policies = ["mutatingadmissionpolicy", "validatingadmissionpolicy"];
    const kinds = [...whole, ...webhooks, ...policies].join(",");
    return (await kubectl(ADMIN, ["get", kinds, "-o", "name"])).trim().split("\n").sort();
}

/** Nodes on which pods of the lab run, with their number. */
const podsByNode = async (): Promise<Record<string, number>> =>
    tally((await lab.live.pods()).map(({ spec }) => String(spec?.nodeName)));

describe("a lab in a cluster of three nodes that is there", function () {
    this.timeout(40 * MINUTE);
    this.bail(true);
    let before: string[] = [];
    let registry: TestRegistry | undefined;

    it("finds a cluster with the rights that the documents list, and no others", async () => {
        await destroyCluster();
        mkdirSync(FOLDER, { recursive: true });
        await command("setup");
        registry = await TestRegistry.start();
        writeFileSync(ADMIN, await makeCluster(`${registry.host}/lab`), { mode: 0o600 });
        await allNodesReady(ADMIN);
        within.kubeconfig = ADMIN;
        await makeAccount(ADMIN, USER);
        copyFileSync(USER, COPY);
        before = await inventory();
    });

    it("comes up with the kubeconfig of that account alone", async () => {
        await makeStack();
        await configure({
            ...LAB,
            kubeconfig: USER,
            imageRegistry: `${registry?.host}/lab`,
            storageClass: storageClass(),
            hostsAtOnce: 6,
        });
        await up();
        lab.live = new Live();
        await isAsPlanned(LAB);
    });

    it("spreads its pods over the nodes", async () => {
        expect(Object.keys(await podsByNode())).to.have.members(nodeNames());
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
        await configure({ clusterWideTuning: "false", kubeconfig: COPY, kubeContext: CONTEXT });
        await up();
        await isAsPlanned(LAB);
    });

    it("loses nothing when a node is drained and another one is lost in the midst of provisioning", async () => {
        const large = { ...LAB, nodes: 60, clusters: 30, conductors: 3 };
        const [, drained = "", lost = ""] = nodeNames();
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
        await kubectl(ADMIN, ["drain", drained, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"]);
        await kubectl(ADMIN, ["uncordon", drained]);
        await until(20);
        expect(over, "up has ended before a node is lost").to.equal(false);
        await lab.live.docker.getContainer(lost).kill();
        await rising;
        expect(await provisioned()).to.equal(large.clusters);
        await lab.live.docker.getContainer(lost).start();
        await allNodesReady(ADMIN);
        await isAsPlanned(large);
    });

    it("is destroyed, and leaves nothing behind", async () => {
        const { code, output } = await pulumi(["destroy", "--yes", "--skip-preview"]);
        expect(code, output).to.equal(0);
        expect(await inventory()).to.deep.equal(before);
    });

    after(async () => {
        await command("down", "--stack", STACK);
        await destroyCluster();
        await registry?.stop();
        rmSync(FOLDER, { recursive: true, force: true });
        removeState();
    });
});
