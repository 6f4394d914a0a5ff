import { spawn } from "node:child_process";
import { readFileSync, writeFileSync, rmSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fastify, { type FastifyInstance } from "fastify";
import { ScriptedIronic } from "./scripted-ironic.js";
import { bundleService, configuration, ServiceProcess } from "./service-process.js";
import {
    call,
    freePort,
    nodeOf,
    pending,
    removeTemporaryDirectories,
    system,
    temporaryDirectory,
    until,
    uuidOf,
} from "./support.js";

const NODE = nodeOf(1);

describe("A restarted fake-ipa", function () {
    this.timeout(60_000);
    let bundle: string;
    let directory: string;
    let port: number;
    let ironic: ScriptedIronic;
    let shipped: ServiceProcess | undefined;
    let redfish: FastifyInstance;
    let redfishUrl: string;
    let power: Record<string, { PowerState: string; target: string }>;
    const url = (path: string): string => `http://127.0.0.1:${port}/${path}`;
    const token = (): string => ironic.tokens.get(NODE)!;
    const state = (suffix = ".json"): string => join(directory, "state", uuidOf(1) + suffix);

    before(async () => {
        bundle = join(temporaryDirectory(), "main.js");
        await bundleService(bundle);
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
        writeFileSync(file, configuration(ironic.url, port, join(directory, "state"), settings));
        shipped = new ServiceProcess(bundle, file);
        await shipped.ready(url("healthz"));
    }

    const end = (signal: NodeJS.Signals): Promise<number | null> => shipped?.end(signal) ?? Promise.resolve(null);
    const output = (): string => shipped?.output ?? "";

    const boot = async (): Promise<void> => {
        await call("PUT", url(""), pending(1, "On"));
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
    };
    const post = (name: string, params: unknown): ReturnType<typeof call> =>
        call("POST", url(`${NODE}/v1/commands/?agent_token=${token()}`), { name, params });
    const list = async (): Promise<{ command_name: string; command_status: string }[]> =>
        (await call("GET", url(`${NODE}/v1/commands/?agent_token=${token()}`))).body.commands;

    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        it(`keeps agent, token and command after ${signal} during a deploy step, without a second lookup`, async () => {
            await start("FAKE_IPA_DEPLOY_STEP_SECONDS = 6");
            await boot();
            await post("deploy.get_deploy_steps", {});
            const started = (
                await post("deploy.execute_deploy_step", {
                    step: { interface: "deploy", step: "write_image", args: { image_info: { id: "i" } } },
                })
            ).body;
            expect(started.command_status).to.equal("RUNNING");
            // A write takes moments. A kill before it would be like a command that came later.
            await until("the state", () => readFileSync(state(), "utf8").includes(started.id));
            expect(await end(signal)).to.equal(signal === "SIGTERM" ? 0 : null);
            if (signal === "SIGTERM") {
                expect(output()).to.contain('"msg":"ended"');
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

    it("answers Ironic's calls after SIGTERM, but sends no heartbeat", async () => {
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

    it("leaves off a host that was off, and goes on with one that was booting", async () => {
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

    it("sets a damaged state file aside, and takes the token from the one before", async () => {
        await start();
        await boot();
        await post("standby.sync", {});
        await end("SIGTERM");
        expect(existsSync(state(".json.bak"))).to.equal(true);
        writeFileSync(state(), readFileSync(state(), "utf8").slice(0, -20));
        const lookups = ironic.of(/lookup/).length;
        await start();
        expect(output())
            .to.contain("damaged state file")
            .and.contain("does not match its digest")
            .and.contain("the state before the last change is used");
        expect(existsSync(state(".json.damaged"))).to.equal(true);
        expect((await call("GET", url(`${NODE}/v1/commands/?agent_token=${token()}`))).status).to.equal(200);
        expect(await (await fetch(url("metrics"))).text()).to.contain('fake_ipa_state_errors_total{kind="damaged"} 1');
        expect(ironic.of(/lookup/).length).to.equal(lookups);
    });

    it("asks sushy-tools if both state files are damaged, and looks the agent up again", async () => {
        power[uuidOf(1)] = { PowerState: "On", target: "Pxe" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("the agent that sushy-tools told of", () => ironic.of(/heartbeat/).length > 0);
        await end("SIGTERM");
        writeFileSync(state(), "");
        writeFileSync(state(".json.bak"), "\0".repeat(500));
        const lookups = ironic.of(/lookup/).length;
        // Ironic shows a new token, as after a power change.
        ironic.tokens.delete(NODE);
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("a lookup", () => ironic.of(/lookup/).length > lookups);
        await until(
            "a heartbeat with the new token",
            () => ironic.of(/heartbeat/).at(-1)!.body["agent_token"] === token(),
        );
        await until("the words for it", () => output().includes("a power change was missed"));
        expect(output()).to.contain("damaged state file");
    });

    it("takes no state of another host", async () => {
        await start();
        await boot();
        await end("SIGTERM");
        rmSync(state(".json.bak"), { force: true });
        writeFileSync(join(directory, "state", `${uuidOf(5)}.json`), readFileSync(state()));
        await start();
        expect(output()).to.contain(`it is of another host, ${uuidOf(1)}`);
        expect((await call("GET", url("healthz"))).body.hosts).to.equal(1);
    });

    it("makes up for a power change that it missed", async () => {
        power[uuidOf(1)] = { PowerState: "On", target: "Pxe" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
        await end("SIGTERM");
        power[uuidOf(1)] = { PowerState: "Off", target: "Hdd" };
        await start(`FAKE_IPA_REDFISH_URL = "${redfishUrl}"`);
        expect((await call("GET", url(`${NODE}/v1/status`))).status).to.equal(200);
        // The host is looked at twice, 13 s apart, because the change might have been pending.
        await until(
            "the agent's end",
            async () => (await call("GET", url(`${NODE}/v1/status`))).status === 404,
            20_000,
        );
        await until("the words for it", () => output().includes("a power change was missed"));
        await call("PUT", url(""), system(1, { power_state: "Off", pending_power: null }));
    });

    it("ends at once with all problems of an unusable configuration", async () => {
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
