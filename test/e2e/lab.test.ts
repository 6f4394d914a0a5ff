import { existsSync } from "node:fs";
import { expect } from "chai";
import { orphanedPlugins } from "../../cli/recovery/orphaned-plugins";
import {
    configure,
    eventually,
    lab,
    leftovers,
    Live,
    NAMESPACE,
    PREFIX,
    previewedSteps,
    pulumi,
    pulumiEnvironment,
    removeState,
    run,
    STACK,
} from "./harness";

const MINUTE = 60_000;

/** Runs `pulumi up`; its output is the failure's message. */
async function up(): Promise<void> {
    const { code, output } = await pulumi(["up", "--yes", "--skip-preview"]);
    expect(code, output).to.equal(0);
}

/** How often each operation is previewed; what stays the same is not listed. */
const operations = async (): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { op } of await previewedSteps()) {
        counts[op] = (counts[op] ?? 0) + 1;
    }
    return counts;
};

/** Waits until every cluster is Available. */
const allAvailable = (live: Live, count: number, limitSeconds: number): Promise<void> =>
    eventually(
        `${count} clusters Available`,
        limitSeconds,
        async () => (await live.availableClusters()).length === count,
        () => live.clusters(),
    );

describe("a small lab, from up to destroy", function () {
    this.timeout(40 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);
    let live: Live;
    let grownFrom: Record<string, string>;

    after(async () => {
        if ((await leftovers()).length > 0) {
            await lab("down", "--stack", STACK);
        }
        removeState();
    });

    it("refuses bad input with every problem in one message, and makes nothing", async () => {
        const { code: setup } = await lab("setup");
        expect(setup).to.equal(0);
        const created = await pulumi(["stack", "init"], { quiet: true });
        expect(created.code, created.output).to.equal(0);
        await configure({ nodes: "many", conductors: 0, controlPlaneNodes: 2, provisioningCidr: "192.168.250.0/26" });
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(code).to.not.equal(0);
        expect(output)
            .to.include("4 problems")
            .and.include('nodes = "many"')
            .and.include('conductors = "0"')
            .and.include('controlPlaneNodes = "2"')
            .and.include("/26");
        expect(await leftovers()).to.deep.equal([]);
    });

    it("previews a lab that has never been up, without making anything", async () => {
        await configure({
            nodes: 4,
            clusters: 2,
            controlPlaneNodes: 1,
            conductors: 2,
            provisioningCidr: "192.168.250.0/24",
            hostsAtOnce: 3,
        });
        const steps = await previewedSteps();
        expect(steps.every(({ op }) => op === "create")).to.equal(true);
        const of = (type: string) => steps.filter(({ urn }) => urn.includes(`$${type}::`)).length;
        expect(of("kubernetes:metal3.io/v1alpha1:BareMetalHost")).to.equal(4);
        expect(of("kubernetes:cluster.x-k8s.io/v1beta2:Cluster")).to.equal(2);
        expect(of("docker:index/container:Container")).to.equal(5);
        expect(await leftovers()).to.deep.equal([]);
    });

    it("comes up: hosts where they should be, both conductors at work, every cluster Available", async () => {
        const { code, output } = await lab("up", "--stack", STACK);
        expect(code, output).to.equal(0);
        live = new Live();
        expect(await live.hostStates()).to.deep.equal({
            "host-0000": "provisioned",
            "host-0001": "provisioned",
            "host-0002": "available",
            "host-0003": "available",
        });
        expect(await live.availableClusters()).to.deep.equal(["cluster-0000", "cluster-0001"]);
        // What all hosts write does not grow with them.
        expect(
            (await live.firmwareSchemas()).map(({ metadata }) => [metadata.ownerReferences, metadata.managedFields]),
        ).to.deep.equal([[undefined, undefined]]);
        // Nobody asks for another version than the one that is stored.
        expect(await live.conversions()).to.deep.equal({});
        const conductors = await live.hostsByConductor();
        // In turn, though each follows from the hash of a host's UUID.
        expect(conductors).to.deep.equal({ "192.168.250.100": 2, "192.168.250.101": 2 });
    });

    it("asks webhooks about what changes, and about nothing else", async () => {
        const { name } = (await live.kubeadmConfigs())[0]!.metadata;
        const asked = () => live.updatesAsked("validation.kubeadmconfig.bootstrap.cluster.x-k8s.io");
        const change = (what: object) => live.tryChange("kubeadmconfigs", name, what);
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
        const { code, output } = await lab("kubeconfig", "cluster-0000", "--stack", STACK);
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

    it("grows by adding only, and touches nothing that was there", async () => {
        grownFrom = await live.identities();
        await configure({ nodes: 8, clusters: 4 });
        const planned = await operations();
        expect(Object.keys(planned).sort()).to.deep.equal(["create"]);
        await up();
        expect(await live.availableClusters()).to.deep.equal([
            "cluster-0000",
            "cluster-0001",
            "cluster-0002",
            "cluster-0003",
        ]);
        expect(await live.identities()).to.include(grownFrom);
        // Beyond hostsAtOnce hosts and clusters are queued, and let in.
        const admitted = [...(await live.hosts()), ...(await live.clusters())].filter(
            ({ metadata }) => metadata.annotations?.["metal3-scale-lab/admitted"] !== undefined,
        );
        expect(admitted.map(({ metadata }) => metadata.name).sort()).to.deep.equal([
            "cluster-0003",
            "host-0003",
            "host-0004",
            "host-0005",
            "host-0006",
            "host-0007",
        ]);
    });

    it("shrinks from the end: clusters, then hosts, properly let go of", async () => {
        await configure({ nodes: 4, clusters: 2 });
        const planned = await operations();
        expect(Object.keys(planned).sort()).to.deep.equal(["delete"]);
        await up();
        expect(await live.identities()).to.deep.equal(grownFrom);
        await eventually(
            "the hosts that the last clusters used, available",
            300,
            async () =>
                JSON.stringify(await live.hostStates()) ===
                JSON.stringify({
                    "host-0000": "provisioned",
                    "host-0001": "provisioned",
                    "host-0002": "available",
                    "host-0003": "available",
                }),
            () => live.hostStates(),
        );
        const conductors = await live.hostsByConductor();
        expect(
            Object.values(conductors).reduce((sum, count) => sum + count, 0),
            "nodes that Ironic still knows",
        ).to.equal(4);
        expect(await live.availableClusters()).to.deep.equal(["cluster-0000", "cluster-0001"]);
    });

    it("names a host that somebody else has deleted, and makes it again when it is told to look", async () => {
        await live.deleteHost("host-0003");
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"]);
        expect(code).to.not.equal(0);
        expect(output).to.include("BareMetalHost host-0003: does not exist").and.include("pulumi up --refresh");
        const { code: again, output: made } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(again, made).to.equal(0);
        expect((await live.hostStates())["host-0003"]).to.equal("available");
        grownFrom = { ...grownFrom, "host-0003": (await live.identities())["host-0003"] ?? "" };
    });

    it("gives the controllers the settings of a large lab and takes them back, and touches nothing else", async () => {
        const concurrency = async () =>
            (await live.managerArguments("capm3-system")).filter((argument) =>
                argument.startsWith("--metal3machine-concurrency="),
            );
        const small = await concurrency();
        const machines = await live.machines();
        expect(Object.keys(machines)).to.have.length(2);
        const others = Object.fromEntries(
            Object.entries(grownFrom).filter(([name]) => !/^pod (cap|baremetal-operator|metal3-ipam)/.test(name)),
        );
        // Beyond 200 hosts. Most of them are queued, and nobody waits for them.
        await configure({ nodes: 201, wait: "none" });
        await up();
        expect(await concurrency())
            .to.have.length(1)
            .and.not.deep.equal(small);
        expect(await live.identities()).to.include(others);
        await configure({ nodes: 4, wait: "clusters" });
        await up();
        expect(await concurrency()).to.deep.equal(small);
        expect(await live.machines()).to.deep.equal(machines);
        expect(await live.identities()).to.include(others);
        await allAvailable(live, 2, 180);
        grownFrom = await live.identities();
    });

    it("takes a third conductor and lets it go, restarting no other and losing no host", async () => {
        for (const conductors of [3, 2]) {
            await configure({ conductors });
            await up();
            expect(await live.identities()).to.include(grownFrom);
            await eventually(
                "every host held by a conductor that is there",
                180,
                async () =>
                    Object.keys(await live.hostsByConductor()).every(
                        (name) => Number(name.split(".").at(-1)) < 100 + conductors,
                    ),
                () => live.hostsByConductor(),
            );
            expect(Object.values(await live.hostsByConductor()).reduce((sum, count) => sum + count, 0)).to.equal(4);
        }
        expect(await live.availableClusters()).to.have.length(2);
    });

    it("outlives the death of FKAS", async () => {
        const pods = (await live.pods()).filter(({ metadata }) => metadata?.name?.startsWith("fkas-"));
        expect(pods).to.have.length(1);
        const uid = pods[0]?.metadata?.uid;
        await live.core.deleteNamespacedPod({
            name: pods[0]?.metadata?.name ?? "",
            namespace: NAMESPACE,
            gracePeriodSeconds: 0,
        });
        await eventually(
            "another FKAS pod, ready",
            120,
            async () =>
                (await live.pods()).some(
                    ({ metadata, status }) =>
                        metadata?.name?.startsWith("fkas-") &&
                        metadata.uid !== uid &&
                        status?.containerStatuses?.every(({ ready }) => ready),
                ),
            async () =>
                (await live.pods())
                    .filter(({ metadata }) => metadata?.name?.startsWith("fkas-"))
                    .map(({ status }) => status),
        );
        await allAvailable(live, 2, 180);
    });

    it("provisions hosts although their fake-ipa is restarted in the middle of it", async () => {
        await configure({ nodes: 6, clusters: 6 });
        const growing = up();
        await eventually(
            "a host of pair 2 being provisioned",
            600,
            async () =>
                Object.entries(await live.hostStates()).some(
                    ([name, state]) => name >= "host-0004" && state === "provisioning",
                ),
            () => live.hostStates(),
        );
        await live.docker.getContainer(`${PREFIX}-pair-002-fake-ipa`).restart();
        await growing;
        expect(new Set(Object.values(await live.hostStates()))).to.deep.equal(new Set(["provisioned"]));
        await allAvailable(live, 6, 60);
    });

    it("finishes what an up that was killed had begun, though it had noted nothing of it", async () => {
        const before = await live.identities();
        await configure({ nodes: 8, clusters: 8 });
        // As a large lab's: state is written at the end only (cli/up.ts).
        const { code: ended, output: half } = await pulumi(["up", "--yes", "--skip-preview"], {
            killAt: "BareMetalHost host-0007 created",
            env: { PULUMI_SKIP_CHECKPOINTS: "true" },
        });
        expect(ended).to.not.equal(0);
        expect(half).to.not.include("Resources:");
        const made = await live.identities();
        expect(Object.keys(made))
            .to.include.members(Object.keys(before))
            .and.to.have.length.above(Object.keys(before).length);
        const { code, output } = await lab("up", "--stack", STACK);
        expect(code, output).to.equal(0);
        expect(Object.values(await live.hostStates())).to.deep.equal(Array(8).fill("provisioned"));
        await allAvailable(live, 8, 60);
        expect(await live.identities()).to.include(made);
        const home = (await pulumiEnvironment())["PULUMI_HOME"];
        if (home !== undefined) {
            expect(await orphanedPlugins(home), "plugins of the Pulumi that was killed").to.deep.equal([]);
        }
        const { code: again, output: changes } = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]);
        expect(again, changes).to.equal(0);
        const { data } = await live.core.readNamespacedSecret({ name: "host-0007-bmc", namespace: NAMESPACE });
        const password = data?.["password"] ?? "";
        const { output: state } = await pulumi(["stack", "export"], { quiet: true });
        expect(password).to.have.length.above(8);
        expect(state)
            .to.include("host-0007-bmc")
            .and.not.include(password)
            .and.not.include(Buffer.from(password, "base64").toString());
    });

    it("is destroyed although Ironic and FKAS are dead, and leaves nothing behind", async () => {
        for (const pod of await live.pods()) {
            if (!/^(ironic-conductor|fkas)/.test(pod.metadata?.name ?? "")) {
                continue;
            }
            await live.core.deleteNamespacedPod({
                name: pod.metadata?.name ?? "",
                namespace: NAMESPACE,
                gracePeriodSeconds: 0,
            });
        }
        const { code, output } = await pulumi(["destroy", "--yes", "--skip-preview"]);
        expect(code, output).to.equal(0);
        expect(await leftovers()).to.deep.equal([]);
        expect(existsSync(`.lab/${STACK}`)).to.equal(false);
    });
});
