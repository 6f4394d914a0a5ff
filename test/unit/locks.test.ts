import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { clearDeadLocks, holderOf, type Holder, type Lock, type Surroundings } from "../../cli/recovery/locks";
import { UserError } from "../../plan/user-error";
import type { Ready } from "../../toolchain/ensure";
import { FakeCommands } from "./fake-commands";

const LOCK: Lock = { pid: 1234, username: "ada", hostname: "here", timestamp: "2026-11-29T20:43:20.347519694Z" };
const HERE: Surroundings = { hostname: "here", pulumis: new Set([77]), seesAll: true };

describe("The lock of a stack", () => {
    const cases: [string, Partial<Lock>, Partial<Surroundings>, Holder][] = [
        ["gone when no pulumi of this machine has its number", {}, {}, "gone"],
        ["at work when a pulumi of this machine has its number", { pid: 77 }, {}, "works"],
        ["never judged when it is on another machine", { hostname: "there" }, {}, "unseen"],
        ["never judged by a number that a pulumi here has", { hostname: "there", pid: 77 }, {}, "unseen"],
        ["never judged from a container that sees only its own processes", {}, { seesAll: false }, "unseen"],
    ];
    for (const [what, lock, here, expected] of cases) {
        it(`has a holder that is ${what}`, () => {
            expect(holderOf({ ...LOCK, ...lock }, { ...HERE, ...here })).to.equal(expected);
        });
    }

    describe("before npm run up and npm run down", () => {
        let machine: FakeCommands;
        const clear = async (lock: Partial<Lock>, here?: Surroundings): Promise<boolean> => {
            const { ready } = machine;
            const backendFolder = join(String(ready.env["METAL3_SCALE_LAB_STATE"]), "pulumi");
            const folder = join(backendFolder, ".pulumi", "locks", "organization", "metal3-scale-lab", "dev");
            await mkdir(folder, { recursive: true });
            await writeFile(join(folder, "808f84c7.json"), JSON.stringify({ ...LOCK, ...lock }));
            const own: Ready = { ...ready, setup: { ...ready.setup, backendFolder } };
            return clearDeadLocks(own, "dev", here);
        };
        const refusal = (work: Promise<unknown>): Promise<Error | undefined> =>
            work.then(
                () => undefined,
                (error: unknown) => error as Error,
            );

        beforeEach(async () => (machine = await FakeCommands.create()));
        afterEach(() => machine.remove());

        it("stays when it is another machine's, and the message says who has it, where, and the way out", async () => {
            const error = await refusal(clear({ hostname: "there" }));
            expect(error).to.be.instanceOf(UserError);
            expect(error?.message)
                .to.include("the stack dev is locked by ada@there (process 1234) since 2026-11-29 20:43 UTC")
                .and.include("'pulumi cancel --yes --stack dev'");
            expect(await machine.changes()).to.deep.equal([]);
        });

        it("stays when its process works, and the message says how to end that", async () => {
            const error = await refusal(clear({ pid: 77 }, HERE));
            expect(error?.message).to.include("another pulumi (process 77) works").and.include("kill -INT 77");
            expect(await machine.changes()).to.deep.equal([]);
        });

        it("is released when its process is gone from this machine", async () => {
            // The kernel has no process with such a number: it is above pid_max.
            expect(await clear({ hostname: hostname(), pid: 2 ** 22 + 1 }, { ...HERE, hostname: hostname() })).to.equal(
                true,
            );
            expect(await machine.changes()).to.deep.equal(["cancel"]);
        });
    });
});
