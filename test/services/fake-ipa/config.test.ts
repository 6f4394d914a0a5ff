import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError } from "../../../services/fake-ipa/config-reader.js";
import { loadConfig, readConfig } from "../../../services/fake-ipa/config.js";
import { standardHardware } from "../../../services/fake-ipa/hardware.js";
import type { PythonValue } from "../../../services/fake-ipa/python-literals.js";
import { removeTemporaryDirectories, temporaryDirectory } from "./support.js";

const problems = (env: Record<string, string>, file: Parameters<typeof readConfig>[0] = new Map()): string[] => {
    try {
        readConfig(file, env);
    } catch (error) {
        if (error instanceof ConfigError) {
            return error.problems;
        }
        throw error;
    }
    return [];
};

describe("The configuration of fake-ipa", () => {
    after(removeTemporaryDirectories);

    it("has upstream's defaults", () => {
        const config = readConfig(new Map(), { FAKE_IPA_ADVERTISE_ADDRESS_IP: "10.0.0.1" });
        expect(config).to.include({
            advertiseIp: "10.0.0.1",
            advertisePort: 9999,
            listenIp: "0.0.0.0",
            listenPort: 9999,
            minBootSeconds: 180,
            maxBootSeconds: 240,
            insecure: false,
            redfishUser: "admin",
            redfishPassword: "password",
            redfishUrl: undefined,
            stateDir: undefined,
            certFile: undefined,
            caFile: undefined,
        });
        expect(config.apiUrls).to.deep.equal(["http://localhost:6385"]);
        expect(config.inspectionUrls).to.deep.equal(["http://localhost:6385/v1/continue_inspection"]);
    });

    it("has a password from a file, of which the end of the line is no part", () => {
        const file = join(temporaryDirectory(), "password");
        writeFileSync(file, "a secret\n");
        const env = { FAKE_IPA_ADVERTISE_ADDRESS_IP: "10.0.0.1", FAKE_IPA_REDFISH_PASSWORD_FILE: file };
        expect(readConfig(new Map(), env).redfishPassword).to.equal("a secret");
        expect(problems({ ...env, FAKE_IPA_REDFISH_PASSWORD: "another secret" })).to.deep.equal([
            "FAKE_IPA_REDFISH_PASSWORD and FAKE_IPA_REDFISH_PASSWORD_FILE: set one of them",
        ]);
        expect(problems({ ...env, FAKE_IPA_REDFISH_PASSWORD_FILE: "/nowhere" })).to.deep.equal([
            'FAKE_IPA_REDFISH_PASSWORD_FILE = "/nowhere": there is no such file',
        ]);
    });

    it("is read from sushy-tools' file, over which the environment wins", () => {
        const path = join(temporaryDirectory(), "conf.py");
        writeFileSync(
            path,
            `
SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_FAKE_SYSTEMS = [
    {"uuid": "u-1", "name": "h1", "power_state": "Off", "external_notifier": True,
     "nics": [{"mac": "52:54:00:00:00:01", "ip": "10.0.0.11"}]},
    {"uuid": "u-2", "name": "h2", "external_notifier": False,
     "nics": [{"mac": "52:54:00:00:00:02", "ip": "10.0.0.12"}]},
]
FAKE_IPA_API_URL = "https://10.0.0.2:6385/, https://10.0.0.3:6385"
FAKE_IPA_ADVERTISE_ADDRESS_IP = "10.0.0.9"
FAKE_IPA_INSECURE = True
FAKE_IPA_CAFILE = ""
FAKE_IPA_REDFISH_URL = None
FAKE_IPA_MIN_BOOT_TIME = 2
FAKE_IPA_MAX_BOOT_TIME = 5
`,
        );
        const config = loadConfig({ CONFIG: path, FAKE_IPA_MAX_BOOT_TIME: "7.5", FAKE_IPA_INSECURE: "false" });
        expect(config.apiUrls).to.deep.equal(["https://10.0.0.2:6385", "https://10.0.0.3:6385"]);
        expect(config.inspectionUrls).to.deep.equal([
            "https://10.0.0.2:6385/v1/continue_inspection",
            "https://10.0.0.3:6385/v1/continue_inspection",
        ]);
        expect(config).to.include({
            minBootSeconds: 2,
            maxBootSeconds: 7.5,
            insecure: false,
            caFile: undefined,
            redfishUrl: undefined,
        });
        expect(config.systems).to.deep.equal([
            { uuid: "u-1", name: "h1", nics: [{ mac: "52:54:00:00:00:01", ip: "10.0.0.11" }] },
        ]);
    });

    it("reports all problems at once, with key, value and rule", () => {
        expect(
            problems({
                FAKE_IPA_API_URL: "ftp://x",
                FAKE_IPA_ADVERTISE_ADDRESS_PORT: "0",
                SUSHY_FAKE_IPA_LISTEN_PORT: "1.5",
                FAKE_IPA_INSECURE: "maybe",
                FAKE_IPA_CAFILE: "/no/such/file",
                FAKE_IPA_MIN_BOOT_TIME: "10",
                FAKE_IPA_MAX_BOOT_TIME: "5",
                FAKE_IPA_KEYFILE: "/no/key",
                FAKE_IPA_LOG_LEVEL: "loud",
                SUSHY_FAKE_IPA_LISTEN_IP: "here",
                FAKE_IPA_CONCURRENCY: "many",
            }),
        ).to.have.members([
            'FAKE_IPA_API_URL = "ftp://x": must be a URL of the form http(s)://host:port',
            'FAKE_IPA_ADVERTISE_ADDRESS_PORT = "0": must be an integer from 1 to 65535',
            'SUSHY_FAKE_IPA_LISTEN_PORT = "1.5": must be an integer from 1 to 65535',
            'FAKE_IPA_INSECURE = "maybe": must be True or False',
            'FAKE_IPA_CAFILE = "/no/such/file": there is no such file',
            'FAKE_IPA_KEYFILE = "/no/key": there is no such file',
            "FAKE_IPA_MAX_BOOT_TIME = 5: must not be below FAKE_IPA_MIN_BOOT_TIME (10)",
            "FAKE_IPA_CERTFILE and FAKE_IPA_KEYFILE: set both or neither",
            'FAKE_IPA_LOG_LEVEL = "loud": must be one of trace, debug, info, warn, error, fatal',
            'SUSHY_FAKE_IPA_LISTEN_IP = "here": must be an IP address',
            'FAKE_IPA_CONCURRENCY = "many": must be an integer from 1 to 1000',
            "FAKE_IPA_ADVERTISE_ADDRESS_IP is required: the address at which Ironic reaches this service",
        ]);
    });

    it("gives each system the hardware of its profile, and refuses a profile that there is not or that is none", () => {
        const { profile } = standardHardware([{ mac: "52:54:00:00:00:01" }]);
        const file = (hardware: object, name: string): Map<string, PythonValue> =>
            new Map<string, PythonValue>([
                ["FAKE_IPA_ADVERTISE_ADDRESS_IP", "10.0.0.1"],
                ["FAKE_IPA_HARDWARE", hardware as PythonValue],
                [
                    "SUSHY_EMULATOR_FAKE_SYSTEMS",
                    [
                        {
                            uuid: "u",
                            name: "h",
                            external_notifier: true,
                            profile: name,
                            nics: [{ mac: "52:54:00:00:00:01" }],
                        },
                        { uuid: "v", name: "i", external_notifier: true, nics: [{ mac: "52:54:00:00:00:02" }] },
                    ],
                ],
            ]);
        const { hardware } = readConfig(file({ rack: profile }, "rack"), {});
        expect([...hardware]).to.deep.equal([["u", { profile, nics: [{ mac: "52:54:00:00:00:01" }] }]]);
        const rule = "must be one of FAKE_IPA_HARDWARE, with 1 interfaces";
        expect(problems({}, file({ rack: profile }, "rock"))).to.deep.equal([`profile of h = "rock": ${rule}`]);
        const two = { ...profile, interfaces: [...profile.interfaces, ...profile.interfaces] };
        expect(problems({}, file({ rack: two }, "rack"))).to.deep.equal([`profile of h = "rack": ${rule}`]);
        expect(problems({}, file({ rack: { ...profile, disks: [] } }, "rack"))[0]).to.match(
            /^FAKE_IPA_HARDWARE: .*disks/s,
        );
    });

    it("shows no password in its problems", () => {
        expect(
            problems({ FAKE_IPA_ADVERTISE_ADDRESS_IP: "10.0.0.1" }, new Map([["FAKE_IPA_REDFISH_PASSWORD", 12345]])),
        ).to.deep.equal(["FAKE_IPA_REDFISH_PASSWORD = (not shown): must be a string"]);
    });

    it("may hold no system without a MAC, and no MAC or UUID twice", () => {
        const nic = (mac: string): { mac: string; ip: string } => ({ mac, ip: "" });
        const host = (
            uuid: string,
            mac: string,
        ): { uuid: string; name: string; external_notifier: boolean; nics: { mac: string; ip: string }[] } => ({
            uuid,
            name: uuid,
            external_notifier: true,
            nics: [nic(mac)],
        });
        const validate = (systems: Parameters<typeof readConfig>[0] extends Map<string, infer V> ? V : never): string =>
            problems(
                { FAKE_IPA_ADVERTISE_ADDRESS_IP: "10.0.0.1" },
                new Map([["SUSHY_EMULATOR_FAKE_SYSTEMS", systems]]),
            ).join("\n");
        expect(validate([host("a", "52:54:00:00:00:01"), host("b", "nonsense")]))
            .to.contain("SUSHY_EMULATOR_FAKE_SYSTEMS[1]")
            .and.contain("at least one NIC with a mac");
        expect(validate([host("a", "52:54:00:00:00:0a"), host("b", "52:54:00:00:00:0A")])).to.contain(
            '["52:54:00:00:00:0a"]: each mac may occur once',
        );
        expect(validate([host("a", "52:54:00:00:00:01"), host("a", "52:54:00:00:00:02")])).to.contain(
            '["a"]: each uuid may occur once',
        );
    });

    it("reports the file that is missing and the line that is wrong", () => {
        expect(() => loadConfig({ CONFIG: "/no/conf.py" })).to.throw(ConfigError, 'CONFIG = "/no/conf.py": ENOENT');
        const path = join(temporaryDirectory(), "conf.py");
        writeFileSync(path, "A = 1\nFAKE_IPA_API_URL = url()\n");
        expect(() => loadConfig({ CONFIG: path })).to.throw(
            ConfigError,
            `${path}, line 2, key FAKE_IPA_API_URL: "url" is not a literal`,
        );
    });
});
