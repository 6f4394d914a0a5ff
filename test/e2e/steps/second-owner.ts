import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { PREFIX, run, STACK, STATE, type Result } from "../harness";
import { SUBSTRATE } from "../substrate";
import { lab } from "./lab";

/** Somebody else with a state folder and a checkout of their own, and a stack of the same name on the same Docker. */
class SecondOwner {
    private readonly folder = mkdtempSync(join(tmpdir(), "metal3-scale-lab-e2e-other-"));
    private readonly env = { METAL3_SCALE_LAB_STATE: join(this.folder, "state") };
    private readonly checkout = join(this.folder, "checkout");

    /** `npm run NAME` in this checkout, with the state of the second owner. */
    command(name: string): Promise<Result> {
        const args = ["toolchain/bootstrap.mjs", name, "--stack", STACK];
        return run(process.execPath, args, { env: this.env, quiet: true });
    }

    /** Plain `pulumi` as after `eval "$(npm run -s env)"`, in a checkout whose configuration file has no salt yet. */
    async pulumi(operation: string): Promise<Result> {
        const own = [`Pulumi.${STACK}.yaml`, ".git", ".lab"];
        await run("mkdir", [this.checkout], { quiet: true });
        for (const name of readdirSync(".").filter((each) => !own.includes(each))) {
            symlinkSync(resolve(name), join(this.checkout, name));
        }
        const configuration = readFileSync(`Pulumi.${STACK}.yaml`, "utf8").replace(/^encryptionsalt:.*\n/m, "");
        writeFileSync(join(this.checkout, `Pulumi.${STACK}.yaml`), configuration);
        const pulumi = (command: string): string =>
            `pulumi ${command} --stack ${STACK} --non-interactive --cwd ${this.checkout}`;
        const script =
            `eval "$(node toolchain/bootstrap.mjs env --stack ${STACK})" && ` +
            `${pulumi("stack init")} && ${pulumi(operation)}`;
        return run("sh", ["-c", script], { env: this.env, quiet: true });
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** A second checkout or user with a stack of the same name is refused, and the lab is not touched. */
export function secondOwner(): void {
    const refused = ({ code, output }: Result, whatToDo: string): void => {
        expect(code, output).to.not.equal(0);
        expect(output)
            .to.include(
                SUBSTRATE.isOwn ? "a lab of that name is here since " : ` has the lab ${PREFIX} in the namespace `,
            )
            .and.include(`made by ${userInfo().username}@`)
            .and.include(`with the state file://${STATE}/pulumi`)
            .and.include(SUBSTRATE.isOwn ? whatToDo : "remove that lab with `npm run down` where its state is");
    };
    const attempts: [string, (other: SecondOwner) => Promise<Result>, string][] = [
        ["npm run up", (other) => other.command("up"), "npm run up -- --take-over"],
        ["npm run down", (other) => other.command("down"), "npm run down -- --take-over"],
        ["pulumi preview", (other) => other.pulumi("preview"), "npm run up -- --take-over"],
        ["pulumi up", (other) => other.pulumi("up --yes --skip-preview"), "npm run up -- --take-over"],
    ];
    for (const [what, attempt, whatToDo] of attempts) {
        it(`is not touched by \`${what}\` of another state, which says whose the lab is`, async () => {
            const before = await lab.live.identities();
            const other = new SecondOwner();
            try {
                refused(await attempt(other), whatToDo);
            } finally {
                other.remove();
            }
            expect(await lab.live.identities()).to.deep.equal(before);
        });
    }
}
