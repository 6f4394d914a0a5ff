import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { commandProvider } from "../../plugins/command/provider";
import { Harness, Json, UNKNOWN, failure, secret } from "./harness";

const COMMAND = "command:local:Command";

async function eventually<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
    for (const end = Date.now() + 10_000; Date.now() < end;) {
        const found = await look();
        if (found !== undefined) {
            return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what}: not within 10 s`);
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}

describe("command provider", () => {
    let provider: Harness;
    let directory: string;
    beforeEach(async () => {
        provider = await Harness.start(commandProvider);
        directory = await mkdtemp(join(tmpdir(), "command-test-"));
    });
    afterEach(async () => {
        provider.stop();
        await rm(directory, { recursive: true });
    });

    const create = async (inputs: Json): Promise<{ id: string; outputs: Json }> =>
        provider.create(COMMAND, await provider.checked(COMMAND, inputs));

    it("creates, updates and deletes, each with the output of the one before", async () => {
        const inputs = {
            create: "echo made; echo oops >&2",
            update: 'echo "again after $PULUMI_COMMAND_STDOUT and $PULUMI_COMMAND_STDERR"',
            delete: "echo $PULUMI_COMMAND_STDOUT > gone",
            dir: directory,
        };
        const made = await create(inputs);
        expect(made.id).to.match(/^it[0-9a-f]{8}$/);
        expect(made.outputs).to.deep.include({ stdout: "made", stderr: "oops", create: inputs.create });
        const updated = await provider.update(COMMAND, made.id, made.outputs, { ...inputs, environment: { A: "b" } });
        expect(updated).to.include({ stdout: "again after made and oops", stderr: "" });
        await provider.delete(COMMAND, made.id, updated);
        expect(await readFile(join(directory, "gone"), "utf8")).to.equal("again after made and oops\n");
    });

    it("runs create on update where there is no update command", async () => {
        const made = await create({ create: "echo $N", environment: { N: "1" } });
        expect(
            await provider.update(COMMAND, made.id, made.outputs, { create: "echo $N", environment: { N: "2" } }),
        ).to.include({ stdout: "2" });
    });

    it("hides the previous output where addPreviousOutputInEnv is false", async () => {
        const inputs = { create: "echo [$PULUMI_COMMAND_STDOUT]", addPreviousOutputInEnv: false };
        const made = await create(inputs);
        expect(await provider.update(COMMAND, made.id, made.outputs, inputs)).to.include({ stdout: "[]" });
    });

    it("passes standard input, and runs by the interpreter", async () => {
        expect(
            (
                await create({
                    create: "process.stdin.pipe(process.stdout)",
                    interpreter: [process.execPath, "-e"],
                    stdin: "hello",
                })
            ).outputs,
        ).to.include({ stdout: "hello" });
    });

    it("is no trouble when the command does not read a long standard input", async () => {
        expect((await create({ create: "true", stdin: "x".repeat(1 << 20) })).outputs).to.include({ stdout: "" });
    });

    it("keeps characters whole that arrive in parts", async () => {
        const script = "const b=Buffer.from('äöü€');for(const x of b)process.stdout.write(Buffer.from([x]))";
        expect((await create({ create: script, interpreter: [process.execPath, "-e"] })).outputs).to.include({
            stdout: "äöü€",
        });
    });

    it("fails with status, command and output", async () => {
        const error = await failure(create({ create: "echo one; echo two >&2; exit 7" }));
        expect(error.message).to.match(/exit status 7: running "echo one.*":\n(one\ntwo|two\none)/s);
    });

    it("fails with the directory's name where it does not exist", async () => {
        expect((await failure(create({ create: "true", dir: "/no/such/directory" }))).message).to.match(
            /\/no\/such\/directory/,
        );
    });

    it("cancels the whole process group", async () => {
        const file = join(directory, "pids");
        const running = failure(create({ create: `sleep 300 & echo $$ $! > ${file}; wait` }));
        const pids = await eventually(async () => {
            const text = await readFile(file, "utf8").catch(() => "");
            return text.endsWith("\n") ? text.trim().split(" ").map(Number) : undefined;
        }, "the command's process ids");
        expect(pids.map(isAlive)).to.deep.equal([true, true]);
        await provider.cancel();
        expect((await running).message).to.match(/^2 UNKNOWN: cancelled \(signal SIGTERM\)/);
        await eventually(async () => (pids.some(isAlive) ? undefined : true), "the end of the process group");
    });

    it("keeps outputs secret when any input is", async () => {
        const made = await create({ create: "echo $TOKEN", environment: { TOKEN: secret("s3cret") } });
        expect(made.outputs["stdout"]).to.deep.equal(secret("s3cret"));
        expect(made.outputs["environment"]).to.deep.equal(secret({ TOKEN: "s3cret" }));
        expect(made.outputs["create"]).to.equal("echo $TOKEN");
    });

    it("leaves a checked secret as narrow as it was", async () => {
        const inputs = await provider.checked(COMMAND, {
            create: "true",
            environment: { TOKEN: secret("s"), PLAIN: "p" },
        });
        expect(inputs["environment"]).to.deep.equal({ TOKEN: secret("s"), PLAIN: "p" });
    });

    it("runs nothing in a preview, and does not know what it would print", async () => {
        const inputs = await provider.checked(COMMAND, {
            create: `touch ${directory}/made; echo ${UNKNOWN}`,
            triggers: [UNKNOWN],
        });
        const { outputs } = await provider.create(COMMAND, inputs, true);
        expect(outputs).to.include({ stdout: UNKNOWN, stderr: UNKNOWN });
        expect(await provider.update(COMMAND, "id", { stdout: "old", stderr: "" }, inputs, true)).to.include({
            stdout: UNKNOWN,
        });
        await failure(readFile(`${directory}/made`));
    });

    const changes: [string, Json, Json, string[]][] = [
        ["create", { create: "a" }, { create: "b" }, []],
        ["update", { create: "a" }, { create: "a", update: "u" }, []],
        ["delete", { create: "a", delete: "x" }, { create: "a" }, []],
        ["environment", { environment: { A: "1" } }, { environment: { A: "2" } }, []],
        ["stdin", { stdin: "a" }, { stdin: "b" }, []],
        ["dir", { dir: "/a" }, { dir: "/b" }, []],
        ["logging", { logging: "none" }, { logging: "stdout" }, []],
        ["triggers", { triggers: [1] }, { triggers: [2] }, ["triggers"]],
        ["triggers", { triggers: [{ a: [1] }] }, { triggers: [{ a: [2] }] }, ["triggers"]],
        ["triggers", { triggers: [1] }, { triggers: [UNKNOWN] }, ["triggers"]],
    ];
    for (const [name, olds, news, replaces] of changes) {
        const change = `${name} changes from ${JSON.stringify(olds[name])} to ${JSON.stringify(news[name])}`;
        it(`${replaces.length > 0 ? "replaces" : "updates"} when ${change}`, async () => {
            const diff = await provider.diff(COMMAND, olds, news);
            expect(diff).to.include({ changes: "some" });
            expect(diff.diffs).to.deep.equal([name]);
            expect(diff.replaces).to.deep.equal(replaces);
        });
    }

    it("sees no change in what only looks different", async () => {
        expect(
            (
                await provider.diff(
                    COMMAND,
                    { create: "a", environment: { A: "1", B: "2" } },
                    { create: secret("a"), environment: { B: "2", A: "1" }, addPreviousOutputInEnv: true },
                )
            ).changes,
        ).to.equal("none");
        expect((await provider.diff(COMMAND, { create: "a" }, { create: "b" }, ["create"])).changes).to.equal("none");
    });

    it("refuses what it does not know", async () => {
        const { failures } = await provider.check(COMMAND, { creat: "x", logging: "loud", triggers: "no list" });
        expect(failures.map((found) => found.reason).join("\n"))
            .to.match(/creat is not a property/)
            .and.to.match(/logging must be one of stdout, stderr/)
            .and.to.match(/triggers must be a list/);
    });

    it("notes no defaults, on which the official plugin, a native one, would fail", async () => {
        const inputs = { create: "true", environment: { __defaults: "the program's own", A: "1" } };
        expect(await provider.checked(COMMAND, inputs)).to.deep.equal(inputs);
    });

    it("finds no change in a state with a note of defaults, and takes the note out at a refresh", async () => {
        const older = { __defaults: [], create: "echo made", triggers: [1] };
        const news = await provider.checked(COMMAND, { create: "echo made", triggers: [1] }, older);
        expect(news).to.not.have.property("__defaults");
        expect(await provider.diff(COMMAND, older, news)).to.deep.include({ changes: "none", diffs: [] });
        const read = await provider.read(COMMAND, "it0", { ...news, stdout: "made", stderr: "" }, older);
        expect(read.inputs).to.deep.equal(news);
        expect((await provider.diff(COMMAND, read.inputs, older)).changes).to.equal("none");
    });

    it("passes on an environment variable whose name begins with two underscores", async () => {
        expect((await create({ create: "echo $__X", environment: { __X: "there" } })).outputs).to.include({
            stdout: "there",
        });
    });

    it("refuses an import", async () => {
        expect((await failure(provider.read(COMMAND, "it0"))).message).to.match(/Command cannot be imported/);
    });
});
