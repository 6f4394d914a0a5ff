import { expect } from "chai";
import { ensureRunning } from "../../components/substrate/minikube/running";
import type { MachineState } from "../../plan/substrate/minikube-status";
import { UserError } from "../../plan/user-error";
import type { MinikubeMachine } from "../../tasks/minikube/machine";
import type { MachineSpec } from "../../tasks/minikube/spec";
import { Recorder } from "./mocks";

const SPEC = { profile: "m3lab-dev" } as MachineSpec;

/** A machine in a state, which counts how often it is started. */
function machineIn(state: MachineState): { machine: MinikubeMachine; started: () => number } {
    let starts = 0;
    const machine = { state: async () => state, start: async () => void starts++ };
    return { machine: machine as unknown as MinikubeMachine, started: () => starts };
}

describe("minikube's machine at each up", () => {
    const beginUp = (preview: boolean): Promise<void> => new Recorder().start("metal3-scale-lab", "dev", preview);

    it("is left alone when it runs, and started when it has stopped", async () => {
        await beginUp(false);
        for (const [state, starts] of [
            ["running", 0],
            ["stopped", 1],
        ] as const) {
            const { machine, started } = machineIn(state);
            expect(await ensureRunning(SPEC, "kubeconfig", machine)).to.equal("kubeconfig");
            expect(started(), state).to.equal(starts);
        }
    });

    it("is missed with a message that says what to do when somebody has deleted it", async () => {
        await beginUp(false);
        const error = await ensureRunning(SPEC, "kubeconfig", machineIn("absent").machine).catch(
            (each: unknown) => each,
        );
        expect(error).to.be.instanceOf(UserError);
        expect(String(error)).to.include("minikube has no profile m3lab-dev").and.include("npm run down");
    });

    it("is not looked at in a preview", async () => {
        await beginUp(true);
        expect(await ensureRunning(SPEC, "kubeconfig", machineIn("absent").machine)).to.equal("kubeconfig");
    });
});
