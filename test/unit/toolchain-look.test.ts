import { expect } from "chai";
import { CommandError, look } from "../../toolchain/run";

describe("A look whether something is there", () => {
    it("gives what the command says", async () => {
        expect(await look("echo", ["there"])).to.equal("there");
    });

    it("finds nothing where the command fails, or is not there", async () => {
        expect(await look("false", [])).to.equal(undefined);
        expect(await look("no-such-command", [])).to.equal(undefined);
    });

    it("does not take a command that is late for one that found nothing", async () => {
        const failure = await look("sleep", ["60"], { timeoutMs: 50 }).then(
            () => undefined,
            (error: unknown) => error,
        );
        expect(failure).to.be.instanceOf(CommandError);
        expect((failure as CommandError).message).to.equal("sleep 60: did not end within 0 s");
    });
});
