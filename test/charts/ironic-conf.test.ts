import { expect } from "chai";
import {
    conductorContainer,
    find,
    ironicConf,
    provisioningIps,
    refusal,
    renderConductors,
    type Rendered,
} from "./helm";

describe("charts/ironic: ironic.conf", function () {
    this.timeout(30_000);
    let one: Rendered[];
    before(() => {
        one = renderConductors(1);
    });

    it("A conductor binds to its own address, and all conductors use the same ports", () => {
        const three = renderConductors(3);
        for (const [index, ip] of provisioningIps(3).entries()) {
            const { DEFAULT, api, json_rpc, conductor, deploy, service_catalog } = ironicConf(three, index);
            expect(DEFAULT).to.include({ host: ip, my_ip: ip });
            // nginx listens there for the API: see api-proxy.test.ts.
            expect(api).to.not.have.any.keys("host_ip", "port");
            expect(json_rpc).to.include({ host_ip: ip, port: "8089" });
            expect(conductor).to.include({
                deploy_kernel: `http://${ip}:6180/boot/ipa.kernel`,
                deploy_ramdisk: `http://${ip}:6180/boot/ipa.initramfs`,
            });
            expect(deploy).to.include({ http_url: `http://${ip}:6180`, http_root: "/shared/html" });
            expect(service_catalog).to.deep.equal({ auth_type: "none", endpoint_override: `https://${ip}:6385` });
        }
    });

    it("With the agent on the image server all conductors fetch it there, and write no boot files", () => {
        const ipa = { repository: "lab/ipa", tag: "1", digest: "" };
        const two = renderConductors(2, { "images.ipa": ipa });
        for (const index of [0, 1]) {
            expect(ironicConf(two, index)["conductor"]).to.include({
                deploy_kernel: "http://ironic-image-server.metal3.svc:8080/boot/ipa.kernel",
                deploy_ramdisk: "http://ironic-image-server.metal3.svc:8080/boot/ipa.initramfs",
            });
        }
        const imageOf = (objects: Rendered[]) =>
            find(objects, "Deployment", "ironic-image-server")["spec"].template.spec.containers[0].image as string;
        expect(imageOf(two)).to.equal("lab/ipa:1");
        expect(imageOf(one)).to.match(/image-server:/);
        const urlOf = (objects: Rendered[]) =>
            (conductorContainer(objects, "prepare")["env"] as { name: string }[]).some(
                ({ name }) => name === "HTTP_URL",
            );
        expect([urlOf(one), urlOf(two)]).to.deep.equal([true, false]);
        const withoutServer = { "images.ipa": ipa, "imageServer.enabled": false };
        expect(refusal(withoutServer)).to.include("images.ipa: needs imageServer.enabled");
        expect(refusal({ "images.ipa": { ...ipa, tag: "latest" } })).to.include("images.ipa.tag: latest is a floating");
    });

    it("Clients and other conductors need credentials and TLS", () => {
        const { DEFAULT, json_rpc } = ironicConf(one);
        const { api } = ironicConf(renderConductors(1, { "conductor.apiProxy.enabled": false }));
        const auth = { auth_strategy: "http_basic", http_basic_auth_user_file: "/etc/ironic-auth/htpasswd" };
        const tls = { cert_file: "/etc/ironic-tls/tls.crt", key_file: "/etc/ironic-tls/tls.key" };
        expect(DEFAULT).to.include({ ...auth, rpc_transport: "json-rpc" });
        expect(api).to.include({ ...tls, enable_ssl_api: "true" });
        expect(json_rpc).to.include({ ...auth, ...tls, use_ssl: "true", cafile: "/etc/ironic-tls/ca.crt" });
    });

    it("Ironic enables the interfaces that BMO asks for, and its defaults suit the fake hosts", () => {
        const { DEFAULT } = ironicConf(one);
        for (const [kind, wanted] of Object.entries({
            hardware_types: ["redfish"],
            boot: ["ipxe"],
            deploy: ["direct", "ramdisk", "custom-agent"],
            inspect: ["agent"],
            raid: ["redfish", "no-raid"],
            bios: ["no-bios", "redfish"],
            firmware: ["no-firmware", "redfish"],
            management: ["redfish"],
            power: ["redfish"],
            network: ["noop"],
            vendor: ["redfish"],
        })) {
            const option = kind === "hardware_types" ? `enabled_${kind}` : `enabled_${kind}_interfaces`;
            expect(DEFAULT?.[option]?.split(","), option).to.include.members(wanted);
        }
        // 34.0.0 has no `autodetect`.
        expect(DEFAULT?.["enabled_deploy_interfaces"]).not.to.contain("autodetect");
        expect(DEFAULT).to.include({
            default_deploy_interface: "direct",
            default_inspect_interface: "agent",
            default_network_interface: "noop",
        });
    });

    it("Ironic's caches and http_root are in one volume, because Ironic makes hard links between them", () => {
        const { pxe, deploy, conductor } = ironicConf(one);
        for (const directory of [pxe?.["tftp_master_path"], pxe?.["images_path"], deploy?.["http_root"]]) {
            expect(directory).to.match(/^\/shared\//);
        }
        // Ironic never caches a file:// image, and threads race for it.
        expect(conductor?.["deploy_kernel"]).to.match(/^http:/);
    });

    it("Options follow the values, and large numbers stay whole numbers", () => {
        const { conductor, api, deploy, database } = ironicConf(
            renderConductors(1, {
                "conductor.maxConcurrentClean": 1000000,
                "conductor.ramdiskHeartbeatTimeout": 60,
                "conductor.fastTrack": false,
                "conductor.workersPoolSize": 64,
                "conductor.gracefulShutdownTimeout": 33,
                "conductor.databasePoolSize": 7,
            }),
        );
        expect(conductor).to.include({
            max_concurrent_clean: "1000000",
            workers_pool_size: "64",
            automated_clean: "true",
            graceful_shutdown_timeout: "33",
        });
        expect(api).to.include({ ramdisk_heartbeat_timeout: "60" });
        expect(deploy).to.include({ fast_track: "false" });
        expect(database).to.include({ max_pool_size: "7" });
    });

    it("Requests to the API are logged at DEBUG only", () => {
        const levels = (logLevel: string) => {
            const { DEFAULT } = ironicConf(renderConductors(1, { "conductor.logLevel": logLevel }));
            const own = DEFAULT?.["default_log_levels"]?.split(",").filter((level) => level.startsWith("ironic"));
            return [DEFAULT?.["debug"], ...own!];
        };
        expect(levels("DEBUG")).to.deep.equal(["true"]);
        expect(levels("INFO")).to.deep.equal(["false", "ironic.api=WARN"]);
        expect(levels("ERROR")).to.deep.equal(["false", "ironic=ERROR"]);
    });

    it("extraConfig adds sections and overrides options, but none that the chart sets for each conductor", () => {
        const { conductor, sensor_data, api } = ironicConf(
            renderConductors(1, {
                "conductor.extraConfig": {
                    conductor: { workers_pool_size: 600 },
                    sensor_data: { send_sensor_data: true },
                    api: { max_limit: 5000 },
                },
            }),
        );
        expect(conductor).to.include({ workers_pool_size: "600", heartbeat_timeout: "60" });
        expect(sensor_data).to.deep.equal({ send_sensor_data: "true" });
        expect(api).to.include({ max_limit: "5000", unix_socket: "/run/api/ironic.sock" });
        expect(
            refusal({
                "conductor.extraConfig": {
                    DEFAULT: { host: "me" },
                    api: { unix_socket: "/s" },
                    json_rpc: { port: 1 },
                    database: { connection: "mysql://u:p@h/d" },
                },
            }),
        )
            .to.contain("conductor.extraConfig.DEFAULT.host: the chart sets it, for each conductor")
            .and.to.contain("conductor.extraConfig.api.unix_socket: the chart sets it, for each conductor")
            .and.to.contain("conductor.extraConfig.json_rpc.port: the chart sets it, for each conductor")
            .and.to.contain("conductor.extraConfig.database.connection: secrets come from existingSecret");
    });

    it("No option that holds a secret is in a ConfigMap", () => {
        for (const index of [0, 1, 2]) {
            const sections = ironicConf(renderConductors(3), index);
            for (const [section, options] of Object.entries(sections)) {
                const secrets = Object.keys(options).filter((option) =>
                    /password|username|connection|token/.test(option),
                );
                expect(secrets, section).to.deep.equal([]);
            }
            expect(JSON.stringify(sections)).not.to.match(/:\/\/[^/\s"]*@/);
        }
    });
});
