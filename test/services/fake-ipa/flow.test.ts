import { expect } from "chai";
import type { Inventory } from "../../../services/fake-ipa/inventory.js";
import type { Service } from "../../../services/fake-ipa/service.js";
import { ScriptedIronic } from "./scripted-ironic.js";
import { ScriptedSushy } from "./scripted-sushy.js";
import { call, macOf, nodeOf, pending, service, system, until, uuidOf } from "./support.js";

const INDEX = 7;
const NODE = nodeOf(INDEX);

describe("An agent of fake-ipa and Ironic", function () {
    this.timeout(20_000);
    let ironic: ScriptedIronic, sushy: ScriptedSushy, ipa: Service & { url: string; port: number };
    const command = (name: string, params: unknown = {}, wait = true): ReturnType<typeof call> =>
        call("POST", `${ipa.url}/${NODE}/v1/commands/?wait=${wait}&agent_token=${ironic.tokens.get(NODE)}`, {
            name,
            params,
        });
    const commands = async (): Promise<Record<string, unknown>[]> =>
        (await call("GET", `${ipa.url}/${NODE}/v1/commands/?agent_token=${ironic.tokens.get(NODE)}`)).body.commands;
    const put = async (notification: unknown): Promise<void> => {
        expect((await call("PUT", `${ipa.url}/`, notification)).status).to.equal(204);
    };
    const powerOff = (): Promise<void> =>
        put(pending(INDEX, "Off", { power_state: "On" })).then(() => void ironic.tokens.delete(NODE));
    let read = 0;
    /** The requests since the last call. Several heartbeats in a row count as one. */
    const sequence = (): string[] =>
        ironic.seen
            .slice(read, (read = ironic.seen.length))
            .map((each) => `${each.method} ${each.path}`)
            .filter((each, index, all) => each !== all[index - 1]);
    const heartbeats = (): number => ironic.of(/heartbeat/).length;

    before(async () => {
        ironic = await new ScriptedIronic().start();
        sushy = await new ScriptedSushy((uuid, type) =>
            put(pending(INDEX, type === "ForceOff" ? "Off" : type, { uuid, power_state: "On" })),
        ).start();
        ipa = await service({
            apiUrls: [ironic.url],
            inspectionUrls: [`${ironic.url}/v1/continue_inspection`],
            redfishUrl: sushy.url,
            redfishUser: "admin",
            redfishPassword: "secret",
        });
    });
    after(async () => {
        await ipa.close(0);
        await ironic.server.close();
        await sushy.server.close();
    });

    it("exchange a lookup, an inventory and a heartbeat during inspection", async () => {
        ironic.inspect = () => ({ status: 202, body: {} });
        await put(pending(INDEX, "On"));
        await until("a heartbeat", () => heartbeats() > 0);
        expect(sequence()).to.deep.equal([
            `GET /v1/lookup?addresses=${encodeURIComponent(macOf(INDEX))}`,
            "POST /v1/continue_inspection",
            `POST /v1/heartbeat/${NODE}`,
        ]);
        const versions = ironic.seen.map(({ headers }) => headers["x-openstack-ironic-api-version"]);
        expect(new Set(versions)).to.deep.equal(new Set(["1.84"]));
        const { boot_interface, inventory } = ironic.of(/inspection/)[0]!.body as {
            boot_interface: string;
            inventory: Inventory;
        };
        expect(boot_interface).to.equal(macOf(INDEX));
        expect(Object.keys(inventory).sort().join(" ")).to.equal(
            "bmc_address bmc_v6address boot cpu disks hostname interfaces memory system_vendor",
        );
        expect(inventory.interfaces).to.have.length(1);
        expect(inventory.interfaces[0]).to.include({
            name: "eth0",
            mac_address: macOf(INDEX),
            ipv4_address: "10.77.1.8",
            has_carrier: true,
        });
        expect(inventory.boot).to.deep.equal({ current_boot_mode: "bios", pxe_interface: macOf(INDEX) });
        expect(inventory.hostname).to.equal(`host${INDEX}`);
        expect(ironic.of(/heartbeat/)[0]!.body).to.deep.equal({
            callback_url: `http://127.0.0.1:${ipa.port}/${NODE}`,
            agent_token: ironic.tokens.get(NODE),
            agent_version: "13.0.0",
        });
        await powerOff();
        expect((await call("GET", `${ipa.url}/${NODE}/v1/status`)).status).to.equal(404);
    });

    it("list the steps of a cleaning and execute each, with a heartbeat at its end", async () => {
        ironic.inspect = () => ({ status: 404, body: {} });
        sequence();
        await put(pending(INDEX, "On"));
        let before = heartbeats();
        await until("a heartbeat", () => heartbeats() > before);
        expect(sequence()).to.deep.equal([
            `GET /v1/lookup?addresses=${encodeURIComponent(macOf(INDEX))}`,
            "POST /v1/continue_inspection",
            `POST /v1/heartbeat/${NODE}`,
        ]);
        expect(await commands()).to.deep.equal([]); // "freshly booted", as Ironic puts it
        const listed = (await command("clean.get_clean_steps", { node: {}, ports: [] })).body;
        expect(listed).to.include({
            command_name: "get_clean_steps",
            command_status: "SUCCEEDED",
            command_error: null,
        });
        expect(listed.command_result.hardware_manager_version).to.deep.equal({ generic_hardware_manager: "1.2" });
        const steps = listed.command_result.clean_steps.GenericHardwareManager as {
            step: string;
            priority: number;
            interface: string;
        }[];
        expect(
            steps
                .filter((step) => step.priority > 0)
                .sort((a, b) => b.priority - a.priority)
                .map((step) => [step.step, step.interface]),
        ).to.deep.equal([
            ["erase_devices_metadata", "deploy"],
            ["erase_devices", "deploy"],
        ]);
        for (const name of ["erase_devices_metadata", "erase_devices"]) {
            const step = { step: name, interface: "deploy", priority: 10, requires_ramdisk: true };
            before = heartbeats();
            const started = (
                await command(
                    "clean.execute_clean_step",
                    { step, node: {}, ports: [], clean_version: { generic_hardware_manager: "1.2" } },
                    false,
                )
            ).body;
            expect(started).to.include({
                command_name: "execute_clean_step",
                command_status: "RUNNING",
                command_result: null,
                command_error: null,
            });
            const at = Date.now();
            await until("the heartbeat after the step", () => heartbeats() > before, 1_500);
            expect(Date.now() - at).to.be.below(1_000);
            expect((await commands()).at(-1)).to.deep.equal({
                id: started.id,
                command_name: "execute_clean_step",
                command_status: "SUCCEEDED",
                command_error: null,
                command_result: { clean_result: null, clean_step: step },
            });
        }
        expect((await commands()).map((each) => each["command_name"])).to.deep.equal([
            "get_clean_steps",
            "execute_clean_step",
            "execute_clean_step",
        ]);
        // There is no inspection once there are commands.
        expect(new Set(sequence())).to.deep.equal(new Set([`POST /v1/heartbeat/${NODE}`]));
        await powerOff();
    });

    it("write an image and power the host off, which boots from disk without an agent", async () => {
        sequence();
        await put(pending(INDEX, "On"));
        let before = heartbeats();
        await until("a heartbeat", () => heartbeats() > before);
        expect(
            (
                await command("deploy.get_deploy_steps", { node: {}, ports: [] })
            ).body.command_result.deploy_steps.GenericHardwareManager.map((step: { step: string }) => step.step),
        ).to.include("write_image");
        before = heartbeats();
        const step = {
            interface: "deploy",
            step: "write_image",
            args: { image_info: { id: "http://image" }, configdrive: "H4sI".repeat(100_000) },
        };
        expect(
            (
                await command(
                    "deploy.execute_deploy_step",
                    { step, node: {}, ports: [], deploy_version: { generic_hardware_manager: "1.2" } },
                    false,
                )
            ).body.command_status,
        ).to.equal("RUNNING");
        await until("the heartbeat after the step", () => heartbeats() > before, 1_500);
        const done = (await commands()).at(-1)! as {
            command_status: string;
            command_result: { deploy_result: string; deploy_step: Record<string, unknown> };
        };
        expect(done.command_status).to.equal("SUCCEEDED");
        expect(done.command_result.deploy_result).to.contain("http://image");
        expect(done.command_result.deploy_step).to.include({ interface: "deploy", step: "write_image" });
        expect(JSON.stringify(done).length).to.be.below(1_000); // the config drive does not come back
        expect((await command("standby.get_partition_uuids")).body)
            .to.include({ command_status: "SUCCEEDED" })
            .and.to.have.property("command_result")
            .that.deep.equals({});
        expect((await command("standby.power_off", {}, false)).body).to.include({
            command_name: "power_off",
            command_result: null,
            command_error: null,
        });
        await until("the agent's end", async () => (await call("GET", `${ipa.url}/${NODE}/v1/status`)).status === 404);
        expect(sushy.resets).to.deep.equal([
            {
                uuid: uuidOf(INDEX),
                type: "ForceOff",
                authorization: `Basic ${Buffer.from("admin:secret").toString("base64")}`,
            },
        ]);
        sequence();
        ironic.tokens.delete(NODE);
        await put(system(INDEX, { power_state: "Off", pending_power: null }));
        await put(system(INDEX, { power_state: "Off", boot_device: "Hdd" }));
        await put(pending(INDEX, "On", { boot_device: "Hdd" }));
        await put(system(INDEX, { power_state: "On", boot_device: "Hdd", pending_power: null }));
        await new Promise((resolve) => {
            setTimeout(resolve, 300);
        });
        expect(sequence()).to.deep.equal([]);
    });

    it("agree on a new token when a deprovisioned host restarts into the ramdisk", async () => {
        // Ironic sets the boot device first.
        await put(system(INDEX, { power_state: "On", boot_device: "Pxe", pending_power: null }));
        await new Promise((resolve) => {
            setTimeout(resolve, 200);
        });
        expect(sequence()).to.deep.equal([]);
        const before = heartbeats();
        await put(pending(INDEX, "ForceRestart"));
        await until("a heartbeat", () => heartbeats() > before);
        expect(sequence()).to.deep.equal([
            `GET /v1/lookup?addresses=${encodeURIComponent(macOf(INDEX))}`,
            "POST /v1/continue_inspection",
            `POST /v1/heartbeat/${NODE}`,
        ]);
        expect(await commands()).to.deep.equal([]);
        expect(
            (
                await command("clean.execute_clean_step", {
                    step: { step: "erase_devices_metadata", interface: "deploy" },
                    node: {},
                    ports: [],
                })
            ).body.command_status,
        ).to.equal("SUCCEEDED");
    });
});
