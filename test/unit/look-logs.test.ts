import { readFileSync } from "node:fs";
import { expect } from "chai";
import { belongsTo } from "../../cli/look/belongs";
import { said } from "../../cli/look/formats";
import { entryOf, milestone, recordsAbout } from "../../cli/look/log-entries";
import { withoutFrames } from "../../cli/look/log-reader";
import { recordsOf } from "../../cli/look/records";
import { withoutSecrets } from "../../cli/look/redact";
import { seconds } from "../../cli/look/since";
import { entryLines } from "../../cli/look/text";
import { inOrder } from "../../cli/look/timeline";
import { repoPath } from "../../toolchain/paths";

/** What the parts of a lab had logged around its first host, each line with the time that the runtime noted. */
const LOGS = Object.entries(
    JSON.parse(readFileSync(repoPath("test/unit/samples/host-logs.json"), "utf8")) as Record<string, string>,
).map(([source, text]) => ({ source, text }));
const NODE = "d64587c1-fd01-4318-bd4c-48bc79b7cf81";
const HOST = { names: ["host-0000", NODE], namespace: "metal3" };
const records = recordsAbout(LOGS, HOST);

/** An error of Ironic's as it writes one, with the runtime's time before each line. */
const IRONIC_ERROR = [
    `2026-12-01 02:50:00.100 11 ERROR ironic.conductor.utils [None req-1 - - - - - -] Failed to power node ${NODE}`,
    "2026-12-01 02:50:00.100 11 ERROR ironic.conductor.utils Traceback (most recent call last):",
    '2026-12-01 02:50:00.100 11 ERROR ironic.conductor.utils   File "utils.py", line 1, in power',
    "2026-12-01 02:50:00.100 11 ERROR ironic.conductor.utils ironic.common.exception.RedfishError: no answer",
    "2026-12-01 02:50:00.200 11 INFO ironic.conductor.utils [None req-1 - - - - - -] Another",
].map((line) => `2026-12-01T02:50:00.300000000Z ${line}`);

describe("One host's way through the logs", () => {
    it("has the host's records of every part in the order of time, and no others", () => {
        const entries = inOrder(records.map(entryOf));
        expect([...new Set(entries.map(({ source }) => source))]).to.have.members([
            "BMO",
            "ironic-conductor-0",
            "agent",
        ]);
        const times = entries.map(({ time }) => time);
        expect(times).to.deep.equal([...times].sort());
        expect(entries.map(({ text }) => text).join("\n")).to.not.match(/host-0001|8c934173/);
        expect(entries).to.have.length(records.length).and.to.have.length(32);
    });

    it("is readable: time, source and words, with the fields that say more", () => {
        const lines = entryLines(inOrder(records.map(entryOf)), 23);
        expect(lines.slice(0, 3)).to.deep.equal([
            "2026-12-01 02:43:12.233  agent               power action=boot bootDevice=Pxe",
            "2026-12-01 02:43:13.802  agent               identified heartbeatTimeout=300",
            "2026-12-01 02:43:13.855  agent               inspected",
        ]);
        expect(lines[3]).to.equal(
            `2026-12-01 02:44:52.942  ironic-conductor-0  Node ${NODE} moved to provision state "cleaning" from ` +
                'state "manageable"; target provision state is "available"',
        );
        expect(lines.at(-1)).to.match(/ BMO +current provision state lastError="" current=active target=""$/);
    });

    it("is told in a history by its steps alone", () => {
        const steps = inOrder(records.flatMap((record) => milestone(record) ?? []));
        expect(steps.map(({ source, text }) => `${source}: ${text}`)).to.deep.equal([
            "agent: power action=boot bootDevice=Pxe",
            "agent: identified heartbeatTimeout=300",
            "agent: inspected",
            "ironic-conductor-0: manageable → cleaning",
            "ironic-conductor-0: cleaning → available",
            "ironic-conductor-0: available → deploying",
            "agent: command command=deploy.execute_deploy_step step=write_image",
            "ironic-conductor-0: deploying → wait call-back",
            "ironic-conductor-0: wait call-back → deploying",
            "agent: command command=standby.power_off",
            "agent: power action=stop bootDevice=Hdd",
            "ironic-conductor-0: power on",
            "ironic-conductor-0: deploying → active",
            "BMO: provisioning → provisioned",
        ]);
    });
});

describe("The records of a log", () => {
    it("keep the lines of an error together, with the time of its first one", () => {
        const [error, next, ...more] = recordsOf(IRONIC_ERROR.join("\n"));
        expect(more).to.deep.equal([]);
        expect(error).to.deep.include({ time: "2026-12-01T02:50:00.100Z", level: "error" });
        expect(error?.text.split("\n")).to.deep.equal([
            `Failed to power node ${NODE}`,
            "Traceback (most recent call last):",
            '  File "utils.py", line 1, in power',
            "ironic.common.exception.RedfishError: no answer",
        ]);
        expect(next?.text).to.equal("Another");
        // In a history its first line is enough.
        const [step] = recordsAbout([{ source: "ironic-conductor-1", text: IRONIC_ERROR.join("\n") }], HOST);
        expect(step && milestone(step)?.text).to.equal(`ERROR: Failed to power node ${NODE}`);
    });

    it("of sushy-tools go on over a list of calls, whose lines have no beginning of their own", () => {
        const [record, ...more] = recordsOf(LOGS.find(({ source }) => source === "BMC")?.text ?? "");
        expect(more).to.deep.equal([]);
        expect(record).to.include({ time: "2026-12-01T02:41:36.139Z", level: "error" });
        expect(record?.text).to.match(/^Unexpected OperationalError: database is locked\nTraceback .*\n/);
    });

    it("without a time have that of the runtime, else that of their neighbour", () => {
        const klog = 'I1201 02:43:05.858800       1 controller.go:303] "Starting Controller"';
        expect(recordsOf(`2026-12-01T02:43:05.869894506Z ${klog}`)).to.deep.include.members([
            { time: "2026-12-01T02:43:05.869Z", level: "info", text: '"Starting Controller"', fields: {}, raw: klog },
        ]);
        const bare = '{"level":"info","msg":"no time"}';
        const known = '{"level":30,"time":"2026-12-01T02:00:00.000Z","msg":"known"}';
        expect(recordsOf([bare, known, bare].join("\n")).map(({ time }) => time)).to.deep.equal(
            Array(3).fill("2026-12-01T02:00:00.000Z"),
        );
        // Nothing says when it was.
        expect(recordsOf(bare)).to.deep.equal([]);
    });

    it("have their time in UTC, whatever zone was written", () => {
        expect(said("[2026-12-01 04:41:36 +0200] [7] [INFO] Booting worker")).to.include({
            time: "2026-12-01T02:41:36.000Z",
            text: "Booting worker",
        });
        expect(said("Traceback (most recent call last):")).to.equal(undefined);
        expect(said("{no json")).to.equal(undefined);
    });
});

describe("A record's owner", () => {
    const isOurs = (raw: string, fields = {}): boolean =>
        belongsTo({ names: ["host-0001", "a.b"], namespace: "metal3" })({
            raw,
            fields,
            text: raw,
            level: "",
            time: "",
        });

    it("is named as a whole word", () => {
        for (const raw of ["host-0001", "metal3~host-0001", '"metal3/host-0001"', "of host-0001.", "host-0001: no"]) {
            expect(isOurs(raw), raw).to.equal(true);
        }
        for (const raw of ["host-00011", "host-0001-bmc", "my-host-0001", "host-0001.example.com", "axb"]) {
            expect(isOurs(raw), raw).to.equal(false);
        }
    });

    it("is in the lab's namespace, where the record says one", () => {
        expect(isOurs("host-0001", { namespace: "other" })).to.equal(false);
        expect(isOurs("host-0001", { baremetalhost: { namespace: "other" } })).to.equal(false);
        expect(isOurs("host-0001", { baremetalhost: { namespace: "metal3" } })).to.equal(true);
    });
});

describe("What is printed of a log", () => {
    it("has no secrets", () => {
        const given = [
            `{"redfish_password":"hunter2","redfish_username":"admin"}`,
            "{'agent_secret_token': 'abcdefg', 'x': 1}",
            "authorization: Basic YWRtaW46aHVudGVyMg==",
            "Authorization=Bearer abcdefghijkl",
            "password=hunter2, user=admin",
            "GET http://admin:hunter2@192.0.2.1/redfish",
            "configdrive='H4sIAAAA'",
        ];
        const shown = given.map(withoutSecrets).join("\n");
        expect(shown).to.not.match(/hunter2|abcdefg|YWRtaW46|H4sIAAAA/);
        expect(shown).to.include('"redfish_username":"admin"').and.include("user=admin").and.include("@192.0.2.1");
    });

    it("is whole where nothing is secret", () => {
        for (const text of [
            "An agent token generation request is being refused as one is already present for node 1",
            '"configdrive":"******"',
            "UserData is not set return empty string",
            "http://192.0.2.1:8000/redfish/v1/Systems/1",
        ]) {
            expect(withoutSecrets(text)).to.equal(text);
        }
    });

    it("is taken out of the frames in which Docker gives both outputs of a container", () => {
        const frame = (stream: number, text: string): Buffer => {
            const head = Buffer.alloc(8);
            head[0] = stream;
            head.writeUInt32BE(Buffer.byteLength(text), 4);
            return Buffer.concat([head, Buffer.from(text)]);
        };
        expect(withoutFrames(Buffer.concat([frame(1, "ä\n"), frame(2, "two\n"), frame(1, "")]))).to.equal("ä\ntwo\n");
        expect(withoutFrames(Buffer.alloc(0))).to.equal("");
    });

    it("goes back as long as it is asked for", () => {
        expect(["90s", "10m", "2h", "1d"].map(seconds)).to.deep.equal([90, 600, 7200, 86_400]);
        for (const wrong of ["10", "m", "0m", "1.5h", "10 m", "-1m", ""]) {
            expect(() => seconds(wrong), wrong).to.throw("90s, 10m, 2h or 1d");
        }
    });
});
