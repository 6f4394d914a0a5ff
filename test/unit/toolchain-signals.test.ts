import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

/** Stands in for Pulumi: notes each signal, and takes a moment to save its state, as Pulumi does. */
const PULUMI = `#!/bin/bash
trap 'echo INT >> "$NOTES"; interrupted=1' INT
trap 'echo TERM >> "$NOTES"' TERM
echo key > "$TMPDIR/kubeconfig"
echo "$TMPDIR" >> "$NOTES.folders"
echo "started $*" >> "$NOTES"
for _ in $(seq 1 40); do
    sleep 0.1
    if [ "$interrupted" = 1 ]; then sleep 1; echo saved >> "$NOTES"; exit 255; fi
done
exit "\${CODE:-0}"
`;

describe("Pulumi, run by the lab,", function () {
    this.timeout(60_000);
    let dir: string;
    let notes: string;
    const start = (env: NodeJS.ProcessEnv = {}): ChildProcess =>
        spawn(process.execPath, ["--import", "tsx", join(dir, "caller.ts")], {
            stdio: ["ignore", "inherit", "ignore"],
            cwd: join(__dirname, "../.."),
            env: { ...process.env, NOTES: notes, ...env },
        });
    const noted = async (): Promise<string[]> => (await readFile(notes, "utf8").catch(() => "")).trim().split("\n");
    const until = async (line: string): Promise<void> => {
        for (let tries = 0; tries < 200; tries += 1) {
            if ((await noted()).includes(line)) {
                return;
            }
            await new Promise((done) => setTimeout(done, 100));
        }
        throw new Error(`waited 20 s for "${line}" in ${(await noted()).join(", ")}`);
    };

    beforeEach(async () => {
        dir = await mkdtemp(join(tmpdir(), "lab-signals-test-"));
        notes = join(dir, "notes");
        await writeFile(join(dir, "pulumi"), PULUMI);
        await chmod(join(dir, "pulumi"), 0o755);
        await writeFile(
            join(dir, "caller.ts"),
            `import { runPulumi } from ${JSON.stringify(join(__dirname, "../../cli/pulumi"))};
            const ready = { pulumi: ${JSON.stringify(join(dir, "pulumi"))}, setup: {} as never, env: process.env };
            void runPulumi(ready, ["up", "--yes"]).then((code) => process.exit(code));`,
        );
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    it("gets the arguments, and its exit code is handed on", async () => {
        const [code] = (await once(start({ CODE: "7" }), "exit")) as [number];
        expect(code).to.equal(7);
        expect(await noted()).to.deep.equal(["started up --yes"]);
    });

    it("gets one signal for several Ctrl-C, and is waited for until it has saved its state", async () => {
        const caller = start();
        await until("started up --yes");
        caller.kill("SIGINT");
        caller.kill("SIGINT");
        setTimeout(() => caller.kill("SIGTERM"), 300);
        const [code] = (await once(caller, "exit")) as [number];
        expect(code).to.equal(130);
        expect(await noted()).to.deep.equal(["started up --yes", "INT", "saved"]);
    });

    it("saves its state also when the caller is killed (kill -9)", async () => {
        const caller = start();
        await until("started up --yes");
        caller.kill("SIGKILL");
        await until("saved");
        expect(await noted()).to.deep.equal(["started up --yes", "INT", "saved"]);
    });

    it("leaves no temporary file behind: at its end, or after a kill when the next one starts", async () => {
        const folders = async (): Promise<[string, boolean][]> =>
            (await readFile(`${notes}.folders`, "utf8"))
                .trim()
                .split("\n")
                .map((folder) => [folder, existsSync(folder)]);
        const killed = start();
        await until("started up --yes");
        killed.kill("SIGKILL");
        await until("saved");
        const [[first] = ["", false]] = await folders();
        expect(await folders()).to.deep.equal([[first, true]]);
        await once(start(), "exit");
        expect((await folders()).map(([, isThere]) => isThere)).to.deep.equal([false, false]);
    });
});
