import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

const SCRIPTS = ["ready.sh", "ask-api.sh", "await-api.sh"];

/** A socat that writes down what it is asked, and answers a path with the status and the body of the file `answers`. */
const SOCAT = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$*" in
    "-u "*) [ ! -e silent ]; exit ;;
esac
read -r method path version
echo "$method $path $*" >> asked
while read -r known status body; do
    if [ "$path" = "$known" ]; then printf 'HTTP/1.0 %s Text\\r\\n\\r\\n%s\\n' "$status" "$body"; fi
done < answers
`;

const SERVICE_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default";
const node = (status: string): string =>
    `{"status":{"conditions":[{"type":"MemoryPressure","status":"False"},{"type":"Ready","status":"${status}"}]}}`;

describe("The check whether a node is ready", () => {
    let folder: string;

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "node-ready-"));
        await writeFile(join(folder, "socat"), SOCAT, { mode: 0o755 });
        // What they call and remember is in the test's folder, and not on this machine.
        for (const name of SCRIPTS) {
            const script = readFileSync(repoPath("toolchain/images/node", name), "utf8")
                .replaceAll("/run/", `${folder}/`)
                .replaceAll("/usr/local/lib/lab-node/", `${folder}/`);
            await writeFile(join(folder, name), script, { mode: 0o755 });
        }
    });
    afterEach(() => rm(folder, { recursive: true }));

    /** Runs one of the scripts. @returns its exit code, and what it says */
    const check = (name = "ready.sh", role = "control-plane"): Promise<{ code: number; said: string }> =>
        new Promise((resolve) => {
            const env = {
                PATH: `${folder}:${process.env["PATH"] ?? ""}`,
                NODE_ROLE: role,
                NODE_NAME: "n1",
                CONTROL_PLANE_IP: "192.0.2.2",
            };
            const child = execFile("sh", [join(folder, name)], { env }, (_error, stdout, stderr) =>
                resolve({ code: child.exitCode ?? -1, said: `${stdout}${stderr}`.trim() }),
            );
        });
    const answers = (...lines: string[]): Promise<void> => writeFile(join(folder, "answers"), `${lines.join("\n")}\n`);

    it("asks for the service account and the Node, by no program that starts slowly", async () => {
        await writeFile(join(folder, "lab-node-api-answered"), "");
        await answers(`${SERVICE_ACCOUNT} 200 {}`, `/api/v1/nodes/n1 200 ${node("True")}`);
        expect(await check()).to.deep.equal({ code: 0, said: "" });
        const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
        expect(asked.map((line) => line.split(" ").slice(0, 2).join(" "))).to.deep.equal([
            `GET ${SERVICE_ACCOUNT}`,
            "GET /api/v1/nodes/n1",
        ]);
        expect(asked.every((line) => line.includes("OPENSSL:192.0.2.2:6443,") && line.includes("shut-none"))).to.equal(
            true,
        );
    });

    it("is a cheap look once the node was Ready", async () => {
        await writeFile(join(folder, "lab-node-was-ready"), "");
        expect(await check()).to.deep.equal({ code: 0, said: "" });
        expect(existsSync(join(folder, "asked"))).to.equal(false);
    });

    it("fails, and asks nothing, until the API server has answered those that wait for it", async () => {
        expect(await check()).to.deep.equal({ code: 1, said: "the API server is not ready" });
        expect(existsSync(join(folder, "asked"))).to.equal(false);
    });

    const notYet: [string, string[], string][] = [
        ["the API server does not answer", [], `the API server's answer to ${SERVICE_ACCOUNT} is ''`],
        [
            "the service account is not there",
            [`${SERVICE_ACCOUNT} 404 {}`],
            `the API server's answer to ${SERVICE_ACCOUNT} is '404'`,
        ],
        [
            "the Node is not Ready",
            [`${SERVICE_ACCOUNT} 200 {}`, `/api/v1/nodes/n1 200 ${node("False")}`],
            "node n1 is not Ready: 'False'",
        ],
    ];
    for (const [what, lines, said] of notYet) {
        it(`fails where ${what}`, async () => {
            await writeFile(join(folder, "lab-node-api-answered"), "");
            await answers(...lines);
            expect(await check()).to.deep.equal({ code: 1, said });
            expect(existsSync(join(folder, "lab-node-was-ready"))).to.equal(false);
        });
    }

    it("is asked for before anything else of the control plane begins", async () => {
        await answers("/readyz 500 failed");
        const waiting = Promise.all([check("await-api.sh"), check("await-api.sh")]);
        const first = await Promise.race([waiting, new Promise((done) => setTimeout(() => done("waits"), 1_500))]);
        expect(first).to.equal("waits");
        await answers("/readyz 200 ok");
        const done = { code: 0, said: "" };
        expect(await waiting).to.deep.equal([done, done]);
        expect(existsSync(join(folder, "lab-node-api-answered"))).to.equal(true);
        for (const name of ["kubelet", "kube-controller-manager", "kube-scheduler", "kube-proxy"]) {
            const run = readFileSync(repoPath("toolchain/images/node/service", name, "run"), "utf8");
            expect(run, name).to.match(/await-api\.sh[^]*exec kube/);
        }
    });

    it("is not waited for on a worker, which begins as soon as it has its images", async () => {
        expect(await check("await-api.sh", "worker")).to.deep.equal({ code: 0, said: "" });
        expect(existsSync(join(folder, "asked"))).to.equal(false);
    });
});
