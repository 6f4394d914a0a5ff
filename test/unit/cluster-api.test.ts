import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseManifests, type Manifest } from "../../plan/manifests/documents";
import { PROVIDERS } from "../../plan/manifests/providers";
import {
    certManagerPlaceholders,
    clusterctlInit,
    clusterctlUpgrade,
    writeRepository,
} from "../../tasks/cluster-api/clusterctl";
import { clusterApiInputSchema } from "../../tasks/cluster-api/input";
import { changeable } from "../../tasks/cluster-api/install";

const image = { repository: "lab/x", tag: "v1" };
const images = Object.fromEntries(PROVIDERS.map(({ key }) => [key, { image }]));
const input = {
    kubeconfig: "k",
    manifests: { source: "build", directory: "d" },
    ca: { cert: "c", key: "k" },
    controllers: images,
};
const problems = (value: object): string[] =>
    clusterApiInputSchema.safeParse(value).error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ??
    [];

/** A folder of the test's own. */
let folder: string;
function withFolder(): void {
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cluster-api-test-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
}

/** An executable that stands for another program. */
function program(name: string, script: string): string {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
}

describe("cluster-api: input", () => {
    it("takes what is needed and fills in the rest", () => {
        expect(clusterApiInputSchema.parse(input)).to.include({
            clusterctl: "clusterctl",
            certificateDays: 3650,
            waitSeconds: 600,
        });
    });

    it("requires an image for every controller: upstream's manifests name one that moves", () => {
        const { ipam, ...others } = images;
        expect(ipam).to.deep.equal({ image });
        expect(problems({ ...input, controllers: others }).join()).to.match(/^controllers\.ipam: /);
        expect(problems({ ...input, controllers: { ...others, ipam: {} } }).join()).to.match(
            /^controllers\.ipam\.image: /,
        );
    });

    it("names every problem", () => {
        const bad = {
            ...input,
            waitSeconds: 0,
            controllers: { ...images, core: { image: { repository: "x" } }, nope: {} },
        };
        const all = problems(bad).join("\n");
        for (const expected of ["waitSeconds", "controllers.core.image: needs a tag or a digest", '"nope"']) {
            expect(all).to.include(expected);
        }
    });
});

describe("cluster-api: manifests", () => {
    it("of an installed provider: only what depends on the input is changed", () => {
        const of = (kind: string, spec?: object): Manifest => ({
            apiVersion: "v1",
            kind,
            metadata: { name: "a", labels: { l: "1" } },
            ...(spec ? { spec } : {}),
        });
        expect(changeable(of("Deployment"))).to.deep.equal([of("Deployment")]);
        expect(changeable(of("ClusterRole"))).to.deep.equal([]);
        expect(changeable(of("CustomResourceDefinition", { names: 1 }))).to.deep.equal([]);
        for (const spec of [{ conversion: { strategy: "Webhook" } }, { versions: [{ name: "v1", served: false }] }]) {
            expect(changeable(of("CustomResourceDefinition", { names: 1, ...spec }))).to.deep.equal([
                { apiVersion: "v1", kind: "CustomResourceDefinition", metadata: { name: "a" }, spec },
            ]);
        }
    });
});

describe("cluster-api: clusterctl", () => {
    withFolder();
    const run = (clusterctl: string, configuration = "", lines: string[] = [], timeoutSeconds = 10) => ({
        clusterctl,
        configuration,
        kubeconfig: join(folder, "kubeconfig"),
        home: folder,
        timeoutSeconds,
        signal: new AbortController().signal,
        onLine: (line: string) => lines.push(line),
    });
    const prepared = PROVIDERS.map((provider) => ({
        provider,
        version: "v1.2.3",
        metadata: "m: 1\n",
        manifests: certManagerPlaceholders(),
    }));

    it("is given a repository in its layout, a configuration, and every provider with its version", async () => {
        const configuration = await writeRepository(folder, prepared);
        const { providers, "cert-manager": certManager } = JSON.parse(readFileSync(configuration, "utf8")) as {
            providers: { name: string; type: string; url: string }[];
            "cert-manager": { url: string };
        };
        expect(providers).to.have.length(PROVIDERS.length);
        for (const { url } of [...providers, certManager]) {
            const path = url.replace("file://", "");
            expect(path).to.match(/\/v\d+\.\d+\.\d+\/[a-z-]+\.yaml$/);
            expect(parseManifests(readFileSync(path, "utf8"), path)).to.deep.equal(certManagerPlaceholders());
        }
        const lines: string[] = [];
        await clusterctlInit(
            run(program("clusterctl", 'echo "$CLUSTERCTL_DISABLE_VERSIONCHECK $HOME $*"'), configuration, lines),
            prepared,
        );
        expect(lines).to.deep.equal([
            `true ${folder} init --core cluster-api:v1.2.3 --bootstrap kubeadm:v1.2.3 --control-plane kubeadm:v1.2.3` +
                " --infrastructure metal3:v1.2.3 --ipam metal3:v1.2.3" +
                ` --config ${configuration} --kubeconfig ${join(folder, "kubeconfig")}`,
        ]);
    });

    it("upgrades the providers that it is told, and no others", async () => {
        const lines: string[] = [];
        const [core, , controlPlane] = prepared;
        await clusterctlUpgrade(run(program("clusterctl", 'echo "$*"'), "c.yaml", lines), [core!, controlPlane!]);
        expect(lines).to.deep.equal([
            "upgrade apply --core cluster-api:v1.2.3 --control-plane kubeadm:v1.2.3" +
                ` --config c.yaml --kubeconfig ${join(folder, "kubeconfig")}`,
        ]);
    });

    const failures: [string, () => string, number, RegExp][] = [
        [
            "fails",
            () => program("clusterctl", "echo first; echo why it failed >&2; exit 7"),
            10,
            /clusterctl init ended with code 7:\n(.|\n)*why it failed/,
        ],
        [
            "takes too long",
            () => program("clusterctl", "echo at it; exec sleep 30"),
            1,
            /clusterctl init did not end within 1 s/,
        ],
        ["is not there", () => join(folder, "nothing"), 10, /nothing init cannot be run: .*ENOENT/],
    ];
    for (const [name, clusterctl, seconds, message] of failures) {
        it(`says so when it ${name}`, async () => {
            const error: unknown = await clusterctlInit(run(clusterctl(), "", [], seconds), prepared).catch(
                (reason: unknown) => reason,
            );
            expect((error as Error).message).to.match(message);
        });
    }
});

describe("cluster-api: the program", function () {
    this.timeout(30_000);
    const mine = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("metal3-lab-cluster-api-"));
    // Nothing listens on port 1: the program waits for the API.
    const kubeconfig = JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
        users: [{ name: "u", user: {} }],
    });
    const args = ["--import", "tsx", "tasks/cluster-api.ts"];

    it("says what it waited for, and leaves nothing behind", () => {
        const result = spawnSync(process.execPath, args, {
            input: JSON.stringify({ ...input, kubeconfig, waitSeconds: 1 }),
            encoding: "utf8",
        });
        expect(result.status).to.equal(1);
        const look = String.raw`at the last look:\n {2}.*ECONNREFUSED`;
        expect(result.stderr).to.match(
            new RegExp(String.raw`^cluster-api: waited 1 s for the Kubernetes API at https://127\.0\.0\.1:1; ${look}`),
        );
        expect(mine().filter((name) => name.includes(`-${result.pid}-`))).to.deep.equal([]);
    });

    it("leaves nothing behind when it is stopped, and removes what a killed one had to leave", async () => {
        const start = async (): Promise<ReturnType<typeof spawn>> => {
            const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "ignore"] });
            child.stdin?.end(JSON.stringify({ ...input, kubeconfig, waitSeconds: 60 }));
            while (!mine().some((name) => name.includes(`-${String(child.pid)}-`))) {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            return child;
        };
        const ended = (child: ReturnType<typeof spawn>): Promise<number | null> =>
            new Promise((resolve) => child.once("exit", resolve));
        const killed = await start();
        const killedEnd = ended(killed);
        killed.kill("SIGKILL");
        await killedEnd;
        const left = mine().find((name) => name.includes(`-${String(killed.pid)}-`));
        expect(left).to.be.a("string");
        const stopped = await start();
        const stoppedEnd = ended(stopped);
        expect(existsSync(join(tmpdir(), left ?? ""))).to.equal(false);
        stopped.kill("SIGTERM");
        expect(await stoppedEnd).to.equal(143);
        expect(mine().filter((name) => name.includes(`-${String(stopped.pid)}-`))).to.deep.equal([]);
    });
});
