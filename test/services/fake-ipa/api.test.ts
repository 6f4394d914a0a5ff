import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import type { Service } from "../../../services/fake-ipa/service.js";
import { ScriptedIronic } from "./scripted-ironic.js";
import { call, nodeOf, pending, service, system, until, uuidOf } from "./support.js";

const NODE = nodeOf(1);

describe("The agents' API of fake-ipa", function () {
    this.timeout(20_000);
    let ironic: ScriptedIronic, ipa: Service & { url: string };
    const url = (path: string, token: string | undefined = ironic.tokens.get(NODE)): string =>
        `${ipa.url}/${NODE}/v1/${path}${path.includes("?") ? "&" : "?"}agent_token=${token}`;
    const post = (name: unknown, params: unknown = {}): ReturnType<typeof call> =>
        call("POST", url("commands/?wait=true"), { name, params });
    const refused = (answer: Awaited<ReturnType<typeof call>>): [number, string, string] => [
        answer.status,
        answer.body.faultcode,
        answer.body.faultstring,
    ];

    beforeEach(async () => {
        ironic = await new ScriptedIronic().start();
        ipa = await service({
            apiUrls: [ironic.url],
            inspectionUrls: [`${ironic.url}/v1/continue_inspection`],
            cleanStepSeconds: 0.3,
        });
        await call("PUT", `${ipa.url}/`, pending(1, "On"));
        await until("a heartbeat", () => ironic.of(/heartbeat/).length > 0);
    });
    afterEach(async () => {
        await ipa.close(0);
        await ironic.server.close();
    });

    it("refuses a wrong, absent or doubled token everywhere, and an unknown node", async () => {
        const own = ironic.tokens.get(NODE)!;
        for (const token of ["wrong", "", own.slice(0, -1), `${own}x`, `${own}&agent_token=${own}`]) {
            for (const [method, path, body] of [
                ["GET", "commands/", undefined],
                ["GET", "commands/some-id", undefined],
                ["POST", "commands/", { name: "standby.sync", params: {} }],
            ] as const) {
                expect(
                    refused(await call(method, url(path, token), body)),
                    `${method} ${path} with ${token}`,
                ).to.deep.equal([401, "Client", "401 Unauthorized: Token invalid."]);
            }
        }
        expect(
            (await call("POST", `${ipa.url}/${NODE}/v1/commands/`, { name: "standby.sync", params: {} })).status,
        ).to.equal(401);
        expect(refused(await call("GET", `${ipa.url}/${nodeOf(99)}/v1/commands/?agent_token=${own}`))).to.deep.equal([
            404,
            "Client",
            `Not found: Agent with id ${nodeOf(99)} not found.`,
        ]);
        // The host's UUID is not the node's.
        expect((await call("GET", `${ipa.url}/${uuidOf(1)}/v1/commands/?agent_token=${own}`)).status).to.equal(404);
        expect((await call("GET", `${ipa.url}/no/such/path/here`)).body).to.have.all.keys("faultcode", "faultstring");
        expect((await call("GET", url("commands/"))).body).to.deep.equal({ commands: [] });
    });

    it("refuses an unknown or malformed command as ironic-python-agent does", async () => {
        expect(refused(await post("clean.nonsense"))).to.deep.equal([
            400,
            "Client",
            "Invalid command: Unknown command: nonsense",
        ]);
        expect(refused(await post("clean.constructor"))).to.deep.equal([
            400,
            "Client",
            "Invalid command: Unknown command: constructor",
        ]);
        expect(refused(await post("nonsense.sync"))).to.deep.equal([
            404,
            "Client",
            "Not found: Extension with id nonsense not found.",
        ]);
        expect(refused(await post("__proto__.toString"))[0]).to.equal(404);
        expect(refused(await post("sync"))).to.deep.equal([
            400,
            "Client",
            "Invalid command: Command name must be of the form <extension>.<name>",
        ]);
        expect(refused(await post("poll.set_node_info"))[0]).to.equal(400);
        for (const body of [
            "not json",
            "[]",
            "{}",
            '{"name":"standby.sync"}',
            '{"name":"standby.sync","params":[]}',
            '{"name":7,"params":{}}',
            "null",
        ]) {
            const answer = await call("POST", url("commands/"), body);
            expect([answer.status, typeof answer.body.faultstring], body).to.deep.equal([400, "string"]);
        }
        expect(refused(await call("GET", url("commands/no-such-id")))).to.deep.equal([
            404,
            "Client",
            "Not found: Command Result with id no-such-id not found.",
        ]);
        expect((await call("GET", url("commands/"))).body.commands).to.deep.equal([]);
    });

    it("refuses a second command with 409 and the text that Ironic looks for", async () => {
        const step = { step: "erase_devices", interface: "deploy" };
        const started = await call("POST", url("commands/"), { name: "clean.execute_clean_step", params: { step } });
        expect(started.body.command_status).to.equal("RUNNING");
        for (const name of ["clean.execute_clean_step", "clean.get_clean_steps", "standby.power_off"]) {
            expect(refused(await post(name, { step }))).to.deep.equal([
                409,
                "Client",
                "Agent is busy: executing command execute_clean_step",
            ]);
        }
        const waited = await call("GET", url(`commands/${started.body.id}?wait=true`));
        expect(waited.body).to.include({ id: started.body.id, command_status: "SUCCEEDED" });
        expect((await post("clean.get_clean_steps")).status).to.equal(200);
    });

    it("reports a failed step in the command, not by the HTTP status", async () => {
        const failed = async (name: string, params: unknown): Promise<Record<string, unknown>> => {
            const answer = await post(name, params);
            expect(answer.status).to.equal(200);
            expect(answer.body.command_result).to.equal(null);
            return { status: answer.body.command_status, ...answer.body.command_error };
        };
        expect(await failed("clean.execute_clean_step", { step: { step: "nonsense" } })).to.deep.equal({
            status: "FAILED",
            type: "HardwareManagerMethodNotFound",
            code: 500,
            message: "No HardwareManager found to handle method",
            details: "Could not find method: nonsense",
        });
        expect(await failed("clean.execute_clean_step", {})).to.include({ status: "FAILED", type: "CleaningError" });
        expect(await failed("deploy.execute_deploy_step", { step: { step: "write_image", args: {} } })).to.include({
            status: "FAILED",
            type: "DeploymentError",
        });
        expect(
            await failed("clean.execute_clean_step", {
                step: { step: "erase_devices" },
                clean_version: { generic_hardware_manager: "0.9" },
            }),
        ).to.include({ status: "CLEAN_VERSION_MISMATCH", type: "VersionMismatch" });
    });

    it("answers those who wait for a command when the power goes off", async () => {
        const waiting = call("POST", url("commands/?wait=true"), {
            name: "clean.execute_clean_step",
            params: { step: { step: "erase_devices" } },
        });
        await until("the command", async () => (await call("GET", url("commands/"))).body.commands.length === 1);
        const at = Date.now();
        await call("PUT", `${ipa.url}/`, pending(1, "Off", { power_state: "On" }));
        expect((await waiting).body.command_status).to.equal("RUNNING");
        expect(Date.now() - at).to.be.below(250);
    });

    it("returns its logs as a gzipped tar archive, and its hardware", async () => {
        await post("standby.sync");
        const archive = gunzipSync(
            Buffer.from((await post("log.collect_system_logs")).body.command_result.system_logs, "base64"),
        );
        expect(archive.length % 512).to.equal(0);
        expect(archive.subarray(0, 7).toString()).to.equal("journal");
        const size = Number.parseInt(archive.subarray(124, 135).toString(), 8);
        expect(archive.subarray(512, 512 + size).toString()).to.equal(`fake agent of ${uuidOf(1)}\nsync: SUCCEEDED\n`);
        expect((await post("poll.get_hardware_info")).body.command_result.interfaces[0].mac_address).to.equal(
            "52:54:00:00:00:01",
        );
        expect((await call("GET", url("status"))).body).to.include({ version: "13.0.0" });
    });

    it("accepts a config drive of 20 MB", async () => {
        const answer = await post("deploy.execute_deploy_step", {
            step: { step: "write_image", args: { image_info: { id: "x" }, configdrive: "x".repeat(20_000_000) } },
        });
        expect(answer.body.command_status).to.equal("SUCCEEDED");
    });

    it("shows health and metrics, and counts refused requests", async () => {
        expect(await call("GET", `${ipa.url}/healthz`)).to.deep.equal({
            status: 200,
            body: { status: "ok", hosts: 1 },
        });
        await call("GET", url("commands/", "wrong"));
        await post("standby.sync");
        const metrics = await (await fetch(`${ipa.url}/metrics`)).text();
        for (const line of [
            'fake_ipa_agents{state="heartbeating"} 1',
            'fake_ipa_hosts{power="On"} 1',
            'fake_ipa_notifications_total{action="boot"} 1',
            'fake_ipa_lookups_total{result="found"} 1',
            'fake_ipa_inspections_total{result="not-inspecting"} 1',
            'fake_ipa_requests_refused_total{status="401"} 1',
            'fake_ipa_commands_total{command="sync",status="SUCCEEDED"} 1',
            "fake_ipa_boot_seconds_count 1",
            'fake_ipa_ironic_request_seconds_count{request="lookup"} 1',
        ]) {
            expect(metrics).to.contain(line);
        }
    });

    it("refuses a malformed notification, and answers a storm of notifications at once", async () => {
        for (const body of [
            "{}",
            '{"uuid":"../../etc/passwd","nics":[{"mac":"52:54:00:00:00:01"}]}',
            '{"uuid":"x","nics":[]}',
            '{"uuid":"x","nics":[{"mac":"nonsense"}]}',
            "nonsense",
        ]) {
            expect((await call("PUT", `${ipa.url}/`, body)).status, body).to.equal(400);
        }
        const before = ironic.of(/lookup/).length;
        const started = Date.now();
        const notifications = Array.from({ length: 100 }, (_, index) => pending(100 + index, "On"));
        for (let round = 0; round < 20; round++) {
            const answers = await Promise.all(
                notifications.map((payload) => ipa.server.inject({ method: "PUT", url: "/", payload })),
            );
            expect(answers.every((answer) => answer.statusCode === 204)).to.equal(true);
        }
        expect(Date.now() - started).to.be.below(5_000); // 2000 notifications
        await until("all agents' lookups", () => ironic.of(/lookup/).length - before >= 100);
        await until("all heartbeats", () => new Set(ironic.of(/heartbeat/).map((each) => each.path)).size === 101);
        expect(ironic.of(/lookup/).length - before).to.equal(100);
        expect(
            (
                await ipa.server.inject({
                    method: "PUT",
                    url: "/",
                    payload: system(1, { power_state: "Off", pending_power: null }),
                })
            ).statusCode,
        ).to.equal(204);
    });
});
