import { expect } from "chai";
import { BARE_METAL_OPERATOR } from "../../../plan/manifests/providers";
import { configure, eventually, pulumi } from "../harness";
import { SUBSTRATE } from "../substrate";
import { conductorNames } from "./fleet";
import { allAvailable, lab, npmRunUp, operations, up } from "./lab";

/** Its own updates that the bare-metal operator could not make, because kube-apiserver did not reach its webhook. */
async function ownUpdatesRefused(): Promise<string[]> {
    const { namespace } = BARE_METAL_OPERATOR;
    const { items } = await lab.live.core.listNamespacedPod({ namespace });
    const logs = items.map(({ metadata }) =>
        lab.live.core.readNamespacedPodLog({ name: metadata?.name ?? "", namespace }),
    );
    const lines = (await Promise.all(logs)).join("\n").split("\n");
    expect(lines.length, "lines of the operator's log").to.be.above(10);
    return lines.filter((line) => line.includes("failed calling webhook"));
}

/** Changes the size of a lab that is up, by every kind of part. */
export function resize(): void {
    it("grows by adding only, and touches nothing that was there", async () => {
        lab.identities = await lab.live.identities();
        await configure({ nodes: 8, clusters: 4 });
        const planned = await operations();
        expect(Object.keys(planned).sort()).to.deep.equal(["create"]);
        await up();
        expect(await lab.live.availableClusters()).to.deep.equal([
            "cluster-0000",
            "cluster-0001",
            "cluster-0002",
            "cluster-0003",
        ]);
        expect(await lab.live.identities()).to.include(lab.identities);
        // Beyond hostsAtOnce hosts and clusters are queued, and released.
        const released = [...(await lab.live.hosts()), ...(await lab.live.clusters())].filter(
            ({ metadata }) => metadata.annotations?.["queue.metal3-scale-lab/released"] !== undefined,
        );
        expect(released.map(({ metadata }) => metadata.name).sort()).to.deep.equal([
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
        expect(await lab.live.identities()).to.deep.equal(lab.identities);
        await eventually(
            "the hosts that the last clusters used, available",
            300,
            async () => {
                const { provisioned, available } = await lab.live.hostsByState();
                return provisioned === 2 && available === 2;
            },
            () => lab.live.hostStates(),
        );
        const conductors = await lab.live.hostsByConductor();
        expect(
            Object.values(conductors).reduce((sum, count) => sum + count, 0),
            "nodes that Ironic still knows",
        ).to.equal(4);
        expect(await lab.live.availableClusters()).to.deep.equal(["cluster-0000", "cluster-0001"]);
    });

    it("names a host that somebody else has deleted, and makes it again when it is told to look", async () => {
        const states = Object.entries(await lab.live.hostStates());
        const [free = ""] = states.find(([, state]) => state === "available") ?? [];
        await lab.live.deleteHost(free);
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"]);
        expect(code).to.not.equal(0);
        expect(output).to.include(`BareMetalHost ${free}: does not exist`).and.include("pulumi up --refresh");
        const { code: again, output: made } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(again, made).to.equal(0);
        expect((await lab.live.hostStates())[free]).to.equal("available");
        lab.identities = { ...lab.identities, [free]: (await lab.live.identities())[free] ?? "" };
    });

    it("gives the controllers the settings of a large lab and takes them back, and touches nothing else", async () => {
        const concurrency = async () =>
            (await lab.live.managerArguments("capm3-system")).filter((argument) =>
                argument.startsWith("--metal3machine-concurrency="),
            );
        const small = await concurrency();
        const machines = await lab.live.machines();
        expect(Object.keys(machines)).to.have.length(2);
        const others = Object.fromEntries(
            Object.entries(lab.identities).filter(([name]) => !/^pod (cap|baremetal-operator|metal3-ipam)/.test(name)),
        );
        // Beyond 200 hosts. Most of them are queued, and nobody waits for them.
        await configure({ nodes: 201, wait: "none" });
        await npmRunUp();
        expect(await concurrency())
            .to.have.length(1)
            .and.not.deep.equal(small);
        expect(await lab.live.identities()).to.include(others);
        // Without the lab's condition of BMO's webhook, BMO is refused while its new pod is not behind its Service yet.
        if (SUBSTRATE.isOwn) {
            expect(await ownUpdatesRefused()).to.deep.equal([]);
        }
        await configure({ nodes: 4, wait: "clusters" });
        await npmRunUp();
        expect(await concurrency()).to.deep.equal(small);
        expect(await lab.live.machines()).to.deep.equal(machines);
        expect(await lab.live.identities()).to.include(others);
        await allAvailable(lab.live, 2, 180);
        lab.identities = await lab.live.identities();
    });

    it("takes a third conductor and lets it go, restarting no other and losing no host", async () => {
        for (const conductors of [3, 2]) {
            await configure({ conductors });
            await up();
            expect(await lab.live.identities()).to.include(lab.identities);
            // Hosts that have just left the lab are deleted from Ironic in the background.
            await eventually(
                "the four hosts, and no others, held by conductors that are there",
                180,
                async () => {
                    const held = await lab.live.hostsByConductor();
                    const isThere = (name: string): boolean => conductorNames(conductors).includes(name);
                    const count = Object.values(held).reduce((sum, each) => sum + each, 0);
                    return count === 4 && Object.keys(held).every(isThere);
                },
                () => lab.live.ironicNodes(),
            );
        }
        expect(await lab.live.availableClusters()).to.have.length(2);
    });
}
