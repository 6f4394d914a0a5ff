import { mkdtemp, rm, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { goFits, moduleHash, parseGoVersion } from "../../toolchain/go/go";
import { Progress } from "../../toolchain/progress";
import { officialPluginsReachable, pluginSource } from "../../toolchain/pulumi/plugin-downloads";
import { REMEMBER_MS } from "../../toolchain/reachable";
import { spaceProblems } from "../../toolchain/space";
import { Toolchain } from "../../toolchain/toolchain";

const GIB = 1024 ** 3;

describe("Free space", () => {
    const needs = [
        { path: "/cache", need: 12, what: "the cache" },
        { path: "/docker", need: 8, what: "Docker's data" },
    ];

    it("is added up where two places share a disk", () => {
        const shared = (free: number) => spaceProblems(needs, () => ({ free: free * GIB, device: "a" }));
        expect(shared(20)).to.deep.equal([]);
        expect(shared(19)).to.deep.equal([
            "the disk is nearly full: the cache (/cache) needs 12.0 GiB and Docker's data (/docker) needs 8.0 GiB, " +
                "but only 19.0 GiB are free",
        ]);
    });

    it("is compared disk by disk, with a problem for each disk that is too full", () => {
        const look = (free: Record<string, number>) =>
            spaceProblems(needs, (path) => ({ free: (free[path] ?? 0) * GIB, device: path }));
        expect(look({ "/cache": 12, "/docker": 8 })).to.deep.equal([]);
        expect(look({ "/cache": 11, "/docker": 7 })).to.have.length(2);
    });
});

describe("Go", () => {
    const table: [said: string, version: string | undefined, fits: boolean][] = [
        ["go version go1.26.8 linux/amd64", "1.26.8", true],
        ["go version go1.27.0 linux/amd64", "1.27.0", true],
        ["go version go1.27 linux/amd64", "1.27.0", true],
        ["go version go1.26.5 linux/amd64", "1.26.5", false],
        ["go version go1.25.9 linux/amd64", "1.25.9", false],
        ["go version go1.19.8 linux/amd64", "1.19.8", false],
        ["go version go1.27rc1 linux/amd64", undefined, false],
        ["go version devel go1.27-abc linux/amd64", undefined, false],
    ];
    for (const [said, version, fits] of table) {
        it(`${fits ? "may" : "may not"} build the lab's programs when it calls itself "${said}"`, () => {
            expect(parseGoVersion(said)).to.equal(version);
            expect(version !== undefined && goFits(version)).to.equal(fits);
        });
    }

    it("module gets the hash that go.sum has for it", async () => {
        const dir = await mkdtemp(join(tmpdir(), "lab-hash-test-"));
        try {
            await mkdir(join(dir, "sub"));
            await writeFile(join(dir, "go.mod"), "module example.com/m\n");
            await writeFile(join(dir, "sub", "a.go"), "package sub\n");
            // Computed apart, in Python, by the rule of golang.org/x/mod/sumdb/dirhash.
            expect(await moduleHash(dir, "example.com/m@v1.0.0")).to.equal(
                "h1:aWcK7D7XMD7BlY5TTjy3mSRmSRxDf2T1KH8kFPHxY3o=",
            );
        } finally {
            await rm(dir, { recursive: true });
        }
    });
});

describe("Pulumi's plugin downloads", () => {
    let root: string;
    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "lab-downloads-test-"));
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    it("are looked for once a day where they cannot be reached", async () => {
        let asked = 0;
        const cannot = async (): Promise<boolean> => {
            asked += 1;
            return false;
        };
        expect(await officialPluginsReachable(root, "https://x/a", cannot)).to.equal(false);
        expect(await officialPluginsReachable(root, "https://x/b", async () => true)).to.equal(false);
        expect(asked).to.equal(1);
        await writeFile(join(root, "plugin-downloads.json"), JSON.stringify({ failed: Date.now() - REMEMBER_MS - 1 }));
        expect(await officialPluginsReachable(root, "https://x/b", async () => true)).to.equal(true);
    });

    it("are chosen by a variable that accepts auto, official and stand-in only", () => {
        expect(pluginSource({})).to.equal("auto");
        expect(pluginSource({ METAL3_SCALE_LAB_PLUGINS: "replacement" })).to.equal("replacement");
        expect(pluginSource({ METAL3_SCALE_LAB_PLUGINS: "stand-in" })).to.equal("replacement");
        expect(() => pluginSource({ METAL3_SCALE_LAB_PLUGINS: "ours" })).to.throw(
            'METAL3_SCALE_LAB_PLUGINS is "ours": it must be auto, official or replacement',
        );
    });
});

describe("Steps that run side by side", () => {
    it("are stopped and waited for when one of them fails, and its error is thrown", async () => {
        const toolchain = new Toolchain(new Progress({ sink: { write: () => undefined } }), undefined, "/nowhere");
        let ended = false;
        const other = new Promise<void>((_, reject) => {
            toolchain.signal.addEventListener("abort", () =>
                setTimeout(() => {
                    ended = true;
                    reject(toolchain.signal.reason as Error);
                }, 20),
            );
        });
        const error = await toolchain
            .all([other, Promise.reject(new Error("no space"))])
            .catch((caught: Error) => caught.message);
        expect(error).to.equal("no space");
        expect(ended).to.equal(true);
    });
});
