import { expect } from "chai";
import { recover, removeUnrecorded, type RecoverOptions } from "../../cli/recovery/recover";
import { ForeignLabError } from "../../machine/owner";
import { VERIFIED_VARIABLE } from "../../plan/lab-owner";
import { UserError } from "../../plan/user-error";
import { ensureStateId } from "../../toolchain/pulumi/state-id";
import { FakeCommands } from "./fake-commands";

const LAB = ["m3lab-dev-control-plane", "m3lab-dev-pair-000-fake-ipa", "m3lab-dev", "m3lab-dev-var"];
const THEIRS = {
    id: "their-state",
    state: "file:///home/a/.local/state/metal3-scale-lab/pulumi",
    checkout: "/home/a/lab",
    user: "a@machine",
};

describe("The clean-up before npm run up and npm run down", () => {
    let machine: FakeCommands;
    let said: string[] = [];
    const options = (more: Partial<RecoverOptions> = {}): RecoverOptions => ({
        command: "up",
        say: (text) => said.push(text),
        ...more,
    });
    const refusal = (work: Promise<unknown>): Promise<Error | undefined> =>
        work.then(
            () => undefined,
            (error: unknown) => error as Error,
        );

    beforeEach(() => (said = []));
    afterEach(() => machine.remove());

    it("removes what the state does not know, when the state knows part of the lab", async () => {
        machine = await FakeCommands.create();
        await machine.state("c0", "n0", "m3lab-dev-var");
        const { resources, variables } = await recover(machine.ready, "dev", options());
        expect(await machine.objects()).to.deep.equal(LAB.filter((name) => name !== "m3lab-dev-pair-000-fake-ipa"));
        expect(said).to.deep.equal([
            "removed container m3lab-dev-pair-000-fake-ipa, which the stack's state does not know",
        ]);
        expect(resources).to.have.length(3);
        expect(variables, "what tells the program that the lab is ours").to.deep.equal({ [VERIFIED_VARIABLE]: "n0" });
    });

    it("removes all that a run killed before it recorded anything has left, by the network's record", async () => {
        machine = await FakeCommands.create();
        await machine.record({ ...THEIRS, id: await ensureStateId(machine.ready.env) });
        await recover(machine.ready, "dev", options());
        expect(await machine.objects()).to.deep.equal([]);
    });

    for (const [what, owner] of [
        ["with the record of another state", THEIRS],
        ["without a record, of which the state knows nothing", undefined],
    ] as const) {
        describe(`in sight of a lab ${what}`, () => {
            beforeEach(async () => {
                machine = await FakeCommands.create(owner);
            });

            it("refuses, names its owner, and changes neither the lab nor the stacks", async () => {
                const error = await refusal(recover(machine.ready, "dev", options()));
                expect(error).to.be.instanceOf(ForeignLabError);
                expect(error?.message)
                    .to.match(/^stack dev: a lab of that name is here since 2026-11-29 09:40 UTC, /)
                    .and.include("npm run up -- --take-over")
                    .and.include(owner === undefined ? "no record" : "a@machine from the checkout /home/a/lab");
                expect(await machine.objects()).to.deep.equal(LAB);
                expect(await machine.changes()).to.deep.equal([]);
                expect(said).to.deep.equal([]);
            });

            it("refuses also when an earlier lab of ours is in the state, which that lab has replaced", async () => {
                await machine.state("old-node", "old-network", "m3lab-dev-var");
                expect(await refusal(recover(machine.ready, "dev", options()))).to.be.instanceOf(ForeignLabError);
                expect(await machine.objects()).to.deep.equal(LAB);
            });

            it("refuses to remove it for npm run down without a stack, and says how it can be removed", async () => {
                const clean = options({ command: "down" });
                const error = await refusal(removeUnrecorded(machine.ready, "dev", [], clean));
                expect(error).to.be.instanceOf(ForeignLabError);
                expect(error?.message).to.include("npm run down -- --take-over");
                expect(await machine.objects()).to.deep.equal(LAB);
            });

            it("removes it when told to take over, and forgets what the state had of an earlier lab", async () => {
                await machine.state("old-node", "old-network");
                const { resources } = await recover(machine.ready, "dev", options({ takeOver: true }));
                expect(await machine.objects()).to.deep.equal([]);
                expect(resources).to.deep.equal([]);
                expect(await machine.resources()).to.equal(0);
                expect(said[0]).to.match(/^takes over the lab of the stack dev/);
                expect(said).to.include("forgot 2 resources of a lab that another one had replaced");
            });

            it("removes it for npm run down without a stack when it is told to take over", async () => {
                await removeUnrecorded(machine.ready, "dev", [], options({ command: "down", takeOver: true }));
                expect(await machine.objects()).to.deep.equal([]);
            });
        });
    }

    it("refuses a stack name that another stack had when its lab was made, and touches nothing", async () => {
        machine = await FakeCommands.create();
        await machine.record({ ...THEIRS, id: await ensureStateId(machine.ready.env) });
        await machine.write(
            "other",
            JSON.stringify({ deployment: { resources: [{ urn: "u", type: "t", id: "c0" }] } }),
        );
        const error = await refusal(recover(machine.ready, "dev", options()));
        expect(error).to.be.instanceOf(UserError);
        expect(error?.message)
            .to.include("belongs to the stack other")
            .and.include("pulumi stack rename dev --stack other");
        expect(await machine.objects()).to.deep.equal(LAB);
        expect(await machine.changes()).to.deep.equal([]);
    });

    it("removes what a lab has under the former name of its stack, after npm run down", async () => {
        machine = await FakeCommands.create();
        for (const file of ["networks", "volumes"]) {
            await machine.write(file, "");
        }
        await machine.write("containers", "c9 m3lab-before-pair-000-fake-ipa\n");
        const network = {
            urn: "urn:pulumi:dev::p::docker:index/network:Network::kubernetes-provisioning",
            type: "docker:index/network:Network",
            id: "n0",
            outputs: { labels: [{ label: "metal3-scale-lab", value: "m3lab-before" }] },
        };
        await removeUnrecorded(machine.ready, "dev", [network], options({ command: "down", takeOver: true }));
        expect(await machine.objects()).to.deep.equal([]);
    });

    it("removes volumes that no container and no network is left of, whoever made them", async () => {
        machine = await FakeCommands.create();
        await machine.write("containers", "");
        await machine.write("networks", "");
        await recover(machine.ready, "dev", options());
        expect(await machine.objects()).to.deep.equal([]);
    });

    it("makes the stack where there is none", async () => {
        machine = await FakeCommands.create();
        for (const file of ["containers", "networks", "volumes"]) {
            await machine.write(file, "");
        }
        const { variables } = await recover(machine.ready, "dev", options());
        expect(await machine.changes()).to.deep.equal(["init"]);
        expect(variables).to.deep.equal({});
    });

    it("forgets the operations that a killed run had begun", async () => {
        machine = await FakeCommands.create();
        const pending = {
            deployment: { resources: [{ urn: "u", type: "t", id: "c0" }], pending_operations: [{ type: "creating" }] },
        };
        await machine.write("state", JSON.stringify(pending));
        const adopted: unknown[] = [];
        await recover(machine.ready, "dev", options({ adopt: async (state) => void adopted.push(state) }));
        expect(adopted).to.deep.equal([pending]);
        expect(await machine.changes()).to.deep.equal(["import"]);
        expect(said.at(-1)).to.equal("forgot 1 operation that a killed run had begun");
    });
});
