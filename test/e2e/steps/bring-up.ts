import { expect } from "chai";
import { configure, lab as command, previewedSteps, pulumi, run, STACK } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { lab, makeStack, PROVISIONING_CIDR, remains, VERSION } from "./lab";

/** From bad input to a lab that is up, and looks at it. */
export function bringUp(): void {
    it("refuses bad input with every problem in one message, and makes nothing", async () => {
        await makeStack();
        await configure({
            ...SUBSTRATE.settings,
            nodes: "many",
            conductors: 0,
            controlPlaneNodes: 2,
            provisioningCidr: "192.168.250.0/26",
        });
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(code).to.not.equal(0);
        expect(output)
            .to.include("4 problems")
            .and.include('nodes = "many"')
            .and.include('conductors = "0"')
            .and.include('controlPlaneNodes = "2"')
            .and.include("/26");
        expect(await remains()).to.deep.equal([]);
    });

    it("previews a lab that has never been up, without making anything", async () => {
        await configure({
            nodes: 4,
            clusters: 2,
            controlPlaneNodes: 1,
            conductors: 2,
            provisioningCidr: PROVISIONING_CIDR,
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
        // What all hosts write does not grow with them.
        expect(
            (await lab.live.firmwareSchemas()).map(({ metadata }) => [
                metadata.ownerReferences,
                metadata.managedFields,
            ]),
        ).to.deep.equal([[undefined, undefined]]);
        // Nobody asks for another version than the one that is stored.
        expect(await lab.live.conversions()).to.deep.equal({});
        const conductors = await lab.live.hostsByConductor();
        // In turn, though each follows from the hash of a host's UUID.
        expect(conductors).to.deep.equal({ "192.168.250.100": 2, "192.168.250.101": 2 });
    });

    it("asks webhooks about what changes, and about nothing else", async () => {
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
        const { code, output } = await command("kubeconfig", "cluster-0000", "--stack", STACK);
        expect(code, output).to.equal(0);
        const file = output.trim().split("\n").at(-1) as string;
        const nodes = await run(
            "sh",
            ["-c", `eval "$(node toolchain/bootstrap.mjs env)" && kubectl --kubeconfig ${file} get nodes -o json`],
            { quiet: true },
        );
        expect(nodes.code, nodes.output).to.equal(0);
        const { items } = JSON.parse(nodes.output.slice(nodes.output.indexOf("{"))) as {
            items: { status: { conditions: { type: string; status: string }[] } }[];
        };
        expect(items).to.have.length(1);
        expect(items[0]?.status.conditions.find(({ type }) => type === "Ready")?.status).to.equal("True");
    });
}
