import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync, rmSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { build } from "esbuild";
import fastify, { type FastifyInstance } from "fastify";
import {
    call,
    freePort,
    nodeOf,
    pending,
    removeTemporaryDirectories,
    ScriptedIronic,
    system,
    temporaryDirectory,
    until,
    uuidOf,
} from "./support.js";

const NODE = nodeOf(1);

/** The service as it is shipped: one bundled file, a process of its own, configured by a file. */
describe("fake-ipa: the process, ended and started again", function () {
    this.timeout(60_000);
    let bundle: string,
        directory: string,
        port: number,
        ironic: ScriptedIronic,
        process_: ChildProcess | undefined,
        output = "";
    let redfish: FastifyInstance, redfishUrl: string, power: Record<string, { PowerState: string; target: string }>;
    const url = (path: string): string => `http://127.0.0.1:${port}/${path}`;
    const token = (): string => ironic.tokens.get(NODE)!;
    const state = (suffix = ".json"): string => join(directory, "state", uuidOf(1) + suffix);

    before(async () => {
        bundle = join(temporaryDirectory(), "main.js");
        await build({
            entryPoints: ["services/fake-ipa/main.ts"],
            bundle: true,
            platform: "node",
            target: "node20",
            format: "cjs",
            outfile: bundle,
            logLevel: "silent",
        });
    });
    after(removeTemporaryDirectories);

    beforeEach(async () => {
        directory = temporaryDirectory();
        port = await freePort();
        ironic = await new ScriptedIronic().start();
        power = {};
        redfish = fastify({ forceCloseConnections: true });
        redfish.get<{ Params: { uuid: string } }>("/redfish/v1/Systems/:uuid", (request, reply) => {
            const host = power[request.params.uuid];
            return host === undefined
                ? reply.code(404).send({})
                : { PowerState: host.PowerState, Boot: { BootSourceOverrideTarget: host.target } };
        });
        await redfish.listen({ host: "127.0.0.1", port: 0 });
        redfishUrl = `http://127.0.0.1:${(redfish.server.address() as { port: number }).port}`;
    });
    afterEach(async () => {
        await end("SIGKILL");
        await Promise.all([ironic.server.close(), redfish.close()]);
    });

    async function start(settings = ""): Promise<void> {
        const file = join(directory, "conf.py");
        writeFileSync(
            file,
            `
SUSHY_EMULATOR_FAKE_SYSTEMS = [{"uuid": "${uuidOf(1)}", "name": "host1", "external_notifier": True, "nics": [{"mac": "52:54:00:00:00:01", "ip": "10.77.1.2"}]}]
FAKE_IPA_API_URL = "${ironic.url}"
FAKE_IPA_ADVERTISE_ADDRESS_IP = "127.0.0.1"
FAKE_IPA_ADVERTISE_ADDRESS_PORT = ${port}
SUSHY_FAKE_IPA_LISTEN_IP = "127.0.0.1"
SUSHY_FAKE_IPA_LISTEN_PORT = ${port}
FAKE_IPA_MIN_BOOT_TIME = 0
FAKE_IPA_MAX_BOOT_TIME = 0
FAKE_IPA_STATE_DIR = "${join(directory, "state")}"
${settings}
`,
        );
        output = "";
        const child = spawn(process.execPath, [bundle], {
            env: { PATH: process.env["PATH"], CONFIG: file },
            stdio: ["ignore", "pipe", "pipe"],
        });
        process_ = child;
        for (const stream of [child.stdout, child.stderr]) {
            stream.on("data", (data: Buffer) => {
                output += data.toString();
            });
        }
        await until(
            `the service; it said: ${output}`,
            () =>
                fetch(url("healthz")).then(
                    (response) => response.ok,
                    () => false,
                ),
            15_000,
        );
    }

    async function end(signal: NodeJS.Signals): Promise<number | null> {
        const child = process_;
        process_ = undefined;
        if (child === undefined || child.exitCode !== null) {
            return child?.exitCode ?? null;
        }
        const ended = new Promise<number | null>((resolve) => {
            child.once("exit", resolve);
        });
        child.kill(signal);
        return ended;
    }

    const boot = async (): Promise<void> => {
        await call("PUT", url(""), pending(1, "On"));
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
    };
    const post = (name: string, params: unknown): ReturnType<typeof call> =>
        call("POST", url(`${NODE}/v1/commands/?agent_token=${token()}`), { name, params });
    const list = async (): Promise<{ command_name: string; command_status: string }[]> =>
        (await call("GET", url(`${NODE}/v1/commands/?agent_token=${token()}`))).body.commands;

    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        it(`${signal} in the middle of a deploy step: the same agent, token and command; the step ends; no second lookup`, async () => {
            await start("FAKE_IPA_DEPLOY_STEP_SECONDS = 6");
            await boot();
            await post("deploy.get_deploy_steps", {});
            const started = (
                await post("deploy.execute_deploy_step", {
                    step: { interface: "deploy", step: "write_image", args: { image_info: { id: "i" } } },
                })
            ).body;
            expect(started.command_status).to.equal("RUNNING");
            // A write takes moments; a kill before it would be as if the command had come later.
            await until("the state", () => readFileSync(state(), "utf8").includes(started.id));
            expect(await end(signal)).to.equal(signal === "SIGTERM" ? 0 : null);
            if (signal === "SIGTERM") {
                expect(output).to.contain('"msg":"ended"');
            }
            const lookups = ironic.of(/lookup/).length,
                heartbeats = ironic.of(/heartbeat/).length;
            await start("FAKE_IPA_DEPLOY_STEP_SECONDS = 6");
            expect(await list()).to.deep.equal([await list().then((all) => all[0]), started]);
            expect((await list())[0]).to.include({ command_name: "get_deploy_steps", command_status: "SUCCEEDED" });
            await until("the step's end", async () => (await list())[1]!.command_status === "SUCCEEDED", 15_000);
            await until("a heartbeat", () => ironic.of(/heartbeat/).length > heartbeats);
            expect(ironic.of(/lookup/).length).to.equal(lookups);
            for (const beat of ironic.of(/heartbeat/)) {
                expect(beat.body["agent_token"]).to.equal(token());
            }
        });
    }

    it("SIGTERM just after a heartbeat: Ironic's calls are still answered, power goes off, no further heartbeat is sent", async () => {
        let resets = 0;
        redfish.server.removeAllListeners("request");
        redfish.server.on("request", (request, response) => {
            if (request.url!.endsWith("ComputerSystem.Reset")) {
                resets++;
            }
            response.writeHead(204).end();
        });
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await boot();
        const ended = end("SIGTERM");
        const heartbeats = ironic.of(/heartbeat/).length;
        await until("readiness to be denied", async () => (await fetch(url("healthz"))).status === 503);
        for (let index = 0; index < 10; index++) {
            expect((await post("clean.get_clean_steps", {})).status).to.equal(200);
            await new Promise((resolve) => {
                setTimeout(resolve, 100);
            });
        }
        expect((await post("standby.power_off", {})).status).to.equal(200);
        expect(await ended).to.equal(0);
        expect(resets).to.equal(1);
        expect(ironic.of(/heartbeat/).length).to.be.at.most(heartbeats);
    });

    it("a host that was off stays off, one that was booting boots", async () => {
        await start("FAKE_IPA_MAX_BOOT_TIME = 2\nFAKE_IPA_MIN_BOOT_TIME = 2");
        await call("PUT", url(""), pending(1, "On"));
        await call("PUT", url(""), pending(2, "On"));
        await call("PUT", url(""), pending(2, "Off", { power_state: "On" }));
        await end("SIGTERM");
        await start("FAKE_IPA_MAX_BOOT_TIME = 2\nFAKE_IPA_MIN_BOOT_TIME = 2");
        expect((await call("GET", url("healthz"))).body.hosts).to.equal(2);
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0, 10_000);
        expect(ironic.of(/lookup/).length).to.equal(1);
        expect(ironic.of(/heartbeat/).every((beat) => beat.path.endsWith(NODE))).to.equal(true);
    });

    it("a damaged state file: said, kept aside, the one before it stands in with the token", async () => {
        await start();
        await boot();
        await post("standby.sync", {});
        await end("SIGTERM");
        expect(existsSync(state(".json.bak"))).to.equal(true);
        writeFileSync(state(), readFileSync(state(), "utf8").slice(0, -20));
        const lookups = ironic.of(/lookup/).length;
        await start();
        expect(output)
            .to.contain("damaged state file")
            .and.contain("does not match its digest")
            .and.contain("stands in");
        expect(existsSync(state(".json.damaged"))).to.equal(true);
        expect((await call("GET", url(`${NODE}/v1/commands/?agent_token=${token()}`))).status).to.equal(200);
        expect(await (await fetch(url("metrics"))).text()).to.contain('fake_ipa_state_errors_total{kind="damaged"} 1');
        expect(ironic.of(/lookup/).length).to.equal(lookups);
    });

    it("both files damaged: sushy-tools is asked, and the agent looks itself up again", async () => {
        power[uuidOf(1)] = { PowerState: "On", target: "Pxe" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("the agent that sushy-tools told of", () => ironic.of(/heartbeat/).length > 0);
        await end("SIGTERM");
        writeFileSync(state(), "");
        writeFileSync(state(".json.bak"), "\0".repeat(500));
        const lookups = ironic.of(/lookup/).length;
        ironic.tokens.delete(NODE); // as after a power change: Ironic shows a new token
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("a lookup", () => ironic.of(/lookup/).length > lookups);
        await until(
            "a heartbeat with the new token",
            () => ironic.of(/heartbeat/).at(-1)!.body["agent_token"] === token(),
        );
        await until("the words for it", () => output.includes("a power change was missed"));
        expect(output).to.contain("damaged state file");
    });

    it("state of another shape or host is damage too", async () => {
        await start();
        await boot();
        await end("SIGTERM");
        rmSync(state(".json.bak"), { force: true });
        writeFileSync(join(directory, "state", `${uuidOf(5)}.json`), readFileSync(state()));
        await start();
        expect(output).to.contain(`it is of another host, ${uuidOf(1)}`);
        expect((await call("GET", url("healthz"))).body.hosts).to.equal(1);
    });

    it("a power change missed while it was down is made up for", async () => {
        power[uuidOf(1)] = { PowerState: "On", target: "Pxe" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
        await end("SIGTERM");
        power[uuidOf(1)] = { PowerState: "Off", target: "Hdd" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        expect((await call("GET", url(`${NODE}/v1/status`))).status).to.equal(200);
        // Looked at twice, 13 s apart: the change might have been pending.
        await until(
            "the agent's end",
            async () => (await call("GET", url(`${NODE}/v1/status`))).status === 404,
            20_000,
        );
        await until("the words for it", () => output.includes("a power change was missed"));
        await call("PUT", url(""), system(1, { power_state: "Off", pending_power: null }));
    });

    it("an unusable configuration ends it at once, with all that is wrong", async () => {
        const child = spawn(process.execPath, [bundle], {
            env: { CONFIG: "/dev/null", FAKE_IPA_MAX_BOOT_TIME: "x" },
            stdio: ["ignore", "ignore", "pipe"],
        });
        let said = "";
        child.stderr.on("data", (data: Buffer) => {
            said += data.toString();
        });
        expect(
            await new Promise((resolve) => {
                child.once("close", resolve);
            }),
        ).to.equal(2);
        expect(said)
            .to.contain('FAKE_IPA_MAX_BOOT_TIME = "x": must be a number')
            .and.contain("FAKE_IPA_ADVERTISE_ADDRESS_IP is required");
    });
});
