import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { readBmoLog } from "../../cli/bench/recording/bmo-log";
import { parseStatus } from "../../cli/bench/recording/database";
import { recordOf } from "../../cli/record/record";
import { isFamily } from "../../cli/report/figures/definition";
import { DEFINITIONS } from "../../cli/report/figures/figures";
import type { NodeAccess } from "../../machine/holder";
import { HEADER, metrics } from "./record-samples";

const NODE = {
    exec: async ([program = "", ...args]: string[]) => (await promisify(execFile)(program, args)).stdout,
} as unknown as NodeAccess;

const line = (time: string, text: string): string => `2026-12-01T${time}.123456789Z stderr F {"msg":"${text}"}\n`;

describe("What BMO's log says of Ironic", () => {
    let logs: string;
    beforeEach(async () => {
        logs = await mkdtemp(join(tmpdir(), "bmo-log-test-"));
    });
    afterEach(() => rm(logs, { recursive: true }));

    const container = async (pod: string): Promise<string> => {
        const folder = join(logs, `baremetal-operator-system_${pod}-7d_uid`, "manager");
        await mkdir(folder, { recursive: true });
        return folder;
    };
    const read = (from: string) =>
        readBmoLog(NODE, new Date(`2026-12-01T${from}.000Z`), AbortSignal.timeout(10_000), logs);

    it("is how often a host was locked and Ironic could not answer, since the run began, in all files", async () => {
        const folder = await container("baremetal-operator-controller-manager");
        const old =
            line("02:59:59", "host is locked, trying again after delay") +
            line("03:00:01", "could not change state of host, busy");
        await writeFile(join(folder, "0.log.20261201-030002.gz"), gzipSync(old));
        await writeFile(
            join(folder, "0.log"),
            line("03:00:03", "node is busy, retry GetVirtualMedia request in some time") +
                line("03:00:04", "host is ready") +
                line("03:00:05", "Expected HTTP response code [200] when accessing x, but got 503 instead") +
                line("03:00:06", "Expected HTTP response code [200] when accessing x, but got 404 instead"),
        );
        await writeFile(join(await container("another"), "0.log"), line("03:00:03", "could not remove host, busy"));
        expect(await read("03:00:00")).to.deep.equal({ locked: 2, serverErrors: 1 });
        expect(await read("03:00:05")).to.deep.equal({ locked: 0, serverErrors: 1 });
    });

    it("is nothing where BMO has no log", async () => {
        expect(await read("00:00:00")).to.deep.equal({ locked: 0, serverErrors: 0 });
    });

    it("is not made up where the node prints something else", async () => {
        const node = { exec: () => Promise.resolve("sh: awk: not found") } as unknown as NodeAccess;
        const error = await readBmoLog(node, new Date(0), AbortSignal.timeout(1000)).catch((thrown: unknown) => thrown);
        expect(String(error)).to.include("was not counted").and.include("awk: not found");
    });
});

describe("What MariaDB counts", () => {
    it("is read from its status, and not made up where a counter is missing", () => {
        const printed = "Innodb_row_lock_time\t159\nInnodb_row_lock_waits\t13\nQuestions\t98230\nSlow_queries\t0\n";
        const expected = { queries: 98_230, slowQueries: 0, rowLockWaits: 13, rowLockMs: 159 };
        expect(parseStatus(printed)).to.deep.equal(expected);
        expect(() => parseStatus("Questions\t1\n")).to.throw("no number Slow_queries");
    });
});

describe("The figures of them", () => {
    const figure = (name: string, lines: Parameters<typeof recordOf>[1]): unknown => {
        const found = DEFINITIONS.find((each) => each.name === name);
        return found === undefined || isFamily(found) ? undefined : found.of(recordOf(HEADER, lines));
    };

    it("are the rise from the first look to the last, and what the log was counted to", () => {
        const lines = [
            metrics(0, 100),
            metrics(60, 400),
            { line: "bmo-log", t: 61, locked: 3, serverErrors: 1 } as const,
        ];
        expect(figure("mariadb.queries", lines)).to.equal(15_000);
        expect(figure("mariadb.lock-waits", lines)).to.equal(6);
        expect(figure("mariadb.lock-time", lines)).to.equal(3);
        expect(figure("ironic.locked", lines)).to.equal(3);
        expect(figure("ironic.errors", lines)).to.equal(1);
    });

    it("are missing where nobody has counted", () => {
        const lines = [metrics(0, 100), metrics(60, 400)].map((each) => ({ ...each, mariadb: null }));
        expect(figure("mariadb.queries", lines)).to.equal(undefined);
        expect(figure("ironic.locked", lines)).to.equal(undefined);
    });
});
