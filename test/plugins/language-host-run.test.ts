/** The language host over gRPC. */
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as languagerpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { expect } from "chai";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { languageHost } from "../../plugins/nodejs/host";
import { failure } from "./harness";

const ROOT = resolve(__dirname, "../..");

describe("language host over gRPC", () => {
    let directory: string;
    beforeEach(async () => {
        directory = await mkdtemp(join(tmpdir(), "host-test-"));
    });
    afterEach(async () => rm(directory, { recursive: true }));

    let server: grpc.Server;
    let client: languagerpc.LanguageRuntimeClient;
    beforeEach(async () => {
        server = languageHost("");
        const port = await new Promise<number>((done, reject) =>
            server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
                error ? reject(error) : done(bound),
            ),
        );
        client = new languagerpc.LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    });
    afterEach(() => {
        client.close();
        server.forceShutdown();
    });

    const info = (options = {}): pb.ProgramInfo =>
        new pb.ProgramInfo()
            .setRootDirectory(directory)
            .setProgramDirectory(directory)
            .setEntryPoint(".")
            .setOptions(Struct.fromJavaScript(options));
    const run = (request: pb.RunRequest): { call: grpc.ClientUnaryCall; response: Promise<pb.RunResponse> } => {
        let call: grpc.ClientUnaryCall | undefined;
        const response = new Promise<pb.RunResponse>((done, reject) => {
            call = client.run(request, (error, answer) => (error ? reject(error) : done(answer)));
        });
        return { call: call as grpc.ClientUnaryCall, response };
    };

    it("refuses what it lacks by name", async () => {
        expect((await failure(run(new pb.RunRequest().setAttachDebugger(true)).response)).message).to.match(
            /--attach-debugger is not supported/,
        );
        expect((await failure(run(new pb.RunRequest().setInfo(info({ typescript: 1 }))).response)).message).to.match(
            /typescript of Pulumi\.yaml is 1: it must be true or false/,
        );
    });

    it("ends the program, and what it has started, when the run is cancelled", async function () {
        this.timeout(20_000);
        await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
        await writeFile(join(directory, "package.json"), '{"main":"index.js"}');
        // The runner connects to a monitor before it loads the program; node's own --require comes before that.
        const script = join(directory, "early.cjs");
        await writeFile(
            script,
            `const child = require("child_process").spawn("sleep", ["300"]);
            const file = ${JSON.stringify(join(directory, "pids"))};
            require("fs").writeFileSync(file, process.pid + " " + child.pid + "\\n");
            setInterval(() => {}, 1000);`,
        );
        const { call, response } = run(
            new pb.RunRequest()
                .setMonitorAddress("127.0.0.1:1")
                .setPwd(directory)
                .setInfo(info({ nodeargs: `--require=${script}` })),
        );
        const ended = failure(response);
        let pids: number[] = [];
        for (
            const end = Date.now() + 10_000;
            pids.length === 0 && Date.now() < end;
            await new Promise((done) => setTimeout(done, 50))
        ) {
            pids = (await readFile(join(directory, "pids"), "utf8").catch(() => ""))
                .trim()
                .split(" ")
                .filter(Boolean)
                .map(Number);
        }
        expect(pids).to.have.length(2);
        call.cancel();
        await ended;
        const isAlive = (pid: number): boolean => {
            try {
                process.kill(pid, 0);
                return true;
            } catch {
                return false;
            }
        };
        for (const end = Date.now() + 8_000; pids.some(isAlive) && Date.now() < end;) {
            await new Promise((done) => setTimeout(done, 50));
        }
        expect(pids.map(isAlive)).to.deep.equal([false, false]);
    });
});
