import { expect } from "chai";
import { orphanedPlugins } from "../../../cli/recovery/orphaned-plugins";
import { configure, eventually, lab as command, NAMESPACE, pulumi, pulumiEnvironment, STACK } from "../harness";
import { pairContainer } from "../kill";
import { allAvailable, lab, up } from "./lab";

/** Kills what is at work in the middle of a change. */
export function interruptions(): void {
    it("outlives the death of FKAS", async () => {
        const pods = (await lab.live.pods()).filter(({ metadata }) => metadata?.name?.startsWith("fkas-"));
        expect(pods).to.have.length(1);
        const uid = pods[0]?.metadata?.uid;
        await lab.live.core.deleteNamespacedPod({
            name: pods[0]?.metadata?.name ?? "",
            namespace: NAMESPACE,
            gracePeriodSeconds: 0,
        });
        await eventually(
            "another FKAS pod, ready",
            120,
            async () =>
                (await lab.live.pods()).some(
                    ({ metadata, status }) =>
                        metadata?.name?.startsWith("fkas-") &&
                        metadata.uid !== uid &&
                        status?.containerStatuses?.every(({ ready }) => ready),
                ),
            async () =>
                (await lab.live.pods())
                    .filter(({ metadata }) => metadata?.name?.startsWith("fkas-"))
                    .map(({ status }) => status),
        );
        await allAvailable(lab.live, 2, 180);
    });

    it("provisions hosts although their fake-ipa is restarted in the middle of it", async () => {
        await configure({ nodes: 6, clusters: 6 });
        const growing = up();
        await eventually(
            "a host of pair 2 being provisioned",
            600,
            async () =>
                Object.entries(await lab.live.hostStates()).some(
                    ([name, state]) => name >= "host-0004" && state === "provisioning",
                ),
            () => lab.live.hostStates(),
        );
        await pairContainer("pair-002", "fake-ipa").kill(lab.live);
        await growing;
        expect(new Set(Object.values(await lab.live.hostStates()))).to.deep.equal(new Set(["provisioned"]));
        await allAvailable(lab.live, 6, 60);
    });

    it("finishes what an up that was killed had begun, though it had noted nothing of it", async () => {
        const before = await lab.live.identities();
        await configure({ nodes: 8, clusters: 8 });
        // As a large lab's: state is written at the end only (cli/up.ts).
        const { code: ended, output: half } = await pulumi(["up", "--yes", "--skip-preview"], {
            kill: { when: (said) => said.includes("BareMetalHost host-0007 created") },
            env: { PULUMI_SKIP_CHECKPOINTS: "true" },
        });
        expect(ended).to.not.equal(0);
        expect(half).to.not.include("Resources:");
        const made = await lab.live.identities();
        expect(Object.keys(made))
            .to.include.members(Object.keys(before))
            .and.to.have.length.above(Object.keys(before).length);
        const { code, output } = await command("up", "--stack", STACK);
        expect(code, output).to.equal(0);
        expect(Object.values(await lab.live.hostStates())).to.deep.equal(Array(8).fill("provisioned"));
        await allAvailable(lab.live, 8, 60);
        expect(await lab.live.identities()).to.include(made);
        const home = (await pulumiEnvironment())["PULUMI_HOME"];
        if (home !== undefined) {
            expect(orphanedPlugins(home), "plugins of the Pulumi that was killed").to.deep.equal([]);
        }
        const { code: again, output: changes } = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]);
        expect(again, changes).to.equal(0);
        const { data } = await lab.live.core.readNamespacedSecret({ name: "host-0007-bmc", namespace: NAMESPACE });
        const password = data?.["password"] ?? "";
        const { output: state } = await pulumi(["stack", "export"], { quiet: true });
        expect(password).to.have.length.above(8);
        expect(state)
            .to.include("host-0007-bmc")
            .and.not.include(password)
            .and.not.include(Buffer.from(password, "base64").toString());
    });
}
