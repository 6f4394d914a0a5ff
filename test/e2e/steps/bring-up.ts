import { expect } from "chai";
import { skipBecause } from "../../skip";
import { configure, lab as command, previewedSteps, pulumi, STACK } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { kubectlOf, reach } from "../workload-cluster";
import { conductorNames } from "./fleet";
import { lab, makeStack, remains, VERSION } from "./lab";

/** Skips a step about what the lab changes of a whole cluster, where the cluster is not its own. */
function ofOwnCluster(context: Mocha.Context): void {
    if (!SUBSTRATE.isOwn) {
        skipBecause(context, "it is about what holds for the whole cluster, and here the cluster is not the lab's own");
    }
}

/** From bad input to a lab that is up, and looks at it. */
export function bringUp(): void {
    it("refuses bad input with every problem in one message, and makes nothing", async () => {
        await makeStack();
        await configure({
            ...SUBSTRATE.settings,
            nodes: "many",
            conductors: 0,
            controlPlaneNodes: 2,
            ...SUBSTRATE.wrong.settings,
        });
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(code).to.not.equal(0);
        expect(output)
            .to.include(`${3 + SUBSTRATE.wrong.said.length} problems`)
            .and.include('nodes = "many"')
            .and.include('conductors = "0"')
            .and.include('controlPlaneNodes = "2"');
        SUBSTRATE.wrong.said.forEach((said) => expect(output).to.include(said));
        expect(await remains()).to.deep.equal([]);
    });

    it("previews a lab that has never been up, without making anything", async () => {
        await configure({
            ...SUBSTRATE.settings,
            nodes: 4,
            clusters: 2,
            controlPlaneNodes: 1,
            conductors: 2,
            hostsAtOnce: 3,
            kubernetesVersion: VERSION,
        });
        const steps = await previewedSteps();
        expect(steps.every(({ op }) => op === "create")).to.equal(true);
        const of = (type: string) => steps.filter(({ urn }) => urn.includes(`$${type}::`)).length;
        expect(of("kubernetes:metal3.io/v1alpha1:BareMetalHost")).to.equal(4);
        expect(of("kubernetes:cluster.x-k8s.io/v1beta2:Cluster")).to.equal(2);
        expect(of("docker:index/container:Container")).to.equal(SUBSTRATE.containers);
        expect(await remains()).to.deep.equal([]);
    });

    it("comes up: hosts where they should be, both conductors at work, every cluster Available", async () => {
        const { code, output } = await command("up", "--stack", STACK);
        expect(code, output).to.equal(0);
        lab.live = new Live();
        // Which hosts the clusters have depends on the order in which hosts and clusters were made.
        expect(await lab.live.hostsByState()).to.deep.equal({ provisioned: 2, available: 2 });
        expect(await lab.live.availableClusters()).to.deep.equal(["cluster-0000", "cluster-0001"]);
        const conductors = await lab.live.hostsByConductor();
        // In turn, though each follows from the hash of a host's UUID.
        expect(conductors).to.deep.equal(Object.fromEntries(conductorNames(2).map((name) => [name, 2])));
    });

    it("has what all hosts write once, and versions that nobody has to convert", async function () {
        ofOwnCluster(this);
        expect(
            (await lab.live.ofHosts("firmwareschemas")).map(({ metadata }) => [
                metadata.ownerReferences,
                metadata.managedFields,
            ]),
        ).to.deep.equal([[undefined, undefined]]);
        expect(await lab.live.conversions()).to.deep.equal({});
    });

    it("asks webhooks about what changes, and about nothing else", async function () {
        ofOwnCluster(this);
        const { name } = (await lab.live.kubeadmConfigs())[0]!.metadata;
        const asked = () => lab.live.updatesAsked("validation.kubeadmconfig.bootstrap.cluster.x-k8s.io");
        const change = (what: object) => lab.live.tryChange("kubeadmconfigs", name, what);
        const before = await asked();
        expect(await change({ metadata: { finalizers: ["example.com/tried"] } })).to.include({ code: 0 });
        expect(await asked()).to.equal(before);
        expect(await change({ metadata: { labels: { "example.com/tried": "" } } })).to.include({ code: 0 });
        expect(await change({ metadata: { annotations: { "example.com/tried": "" } } })).to.include({ code: 0 });
        expect(await asked()).to.equal(before + 2);
        const twice = await change({
            spec: {
                files: [
                    { path: "/a", content: "x" },
                    { path: "/a", content: "y" },
                ],
            },
        });
        expect(twice.code, twice.output).to.equal(1);
        expect(twice.output).to.include("path property must be unique among all files");
    });

    it("has nothing to do when nothing changes", async () => {
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]);
        expect(code, output).to.equal(0);
    });

    it("hands out a kubeconfig that works as it is", async () => {
        const cluster = await reach("cluster-0000");
        const nodes = await kubectlOf(cluster.kubeconfig, ["get", "nodes", "-o", "json"]).finally(cluster.close);
        expect(nodes.code, nodes.output).to.equal(0);
        const { items } = JSON.parse(nodes.output.slice(nodes.output.indexOf("{"))) as {
            items: { status: { conditions: { type: string; status: string }[] } }[];
        };
        expect(items).to.have.length(1);
        expect(items[0]?.status.conditions.find(({ type }) => type === "Ready")?.status).to.equal("True");
    });
}
