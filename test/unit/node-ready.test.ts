import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { repoPath } from "../../toolchain/paths";

const SCRIPT = repoPath("toolchain/images/node/ready.sh");

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
        // What it remembers is in the test's folder, and not on this machine.
        const script = readFileSync(SCRIPT, "utf8").replaceAll("/run/", `${folder}/`);
        await writeFile(join(folder, "ready.sh"), script);
    });
    afterEach(() => rm(folder, { recursive: true }));

    /** Runs it. @returns its exit code, and what it says */
    const check = (): Promise<{ code: number; said: string }> =>
        new Promise((resolve) => {
            const env = {
                PATH: `${folder}:${process.env["PATH"] ?? ""}`,
                NODE_ROLE: "control-plane",
                NODE_NAME: "n1",
                CONTROL_PLANE_IP: "192.0.2.2",
            };
            const child = execFile("sh", [join(folder, "ready.sh")], { env }, (_error, stdout, stderr) =>
                resolve({ code: child.exitCode ?? -1, said: `${stdout}${stderr}`.trim() }),
            );
        });
    const answers = (...lines: string[]): Promise<void> => writeFile(join(folder, "answers"), `${lines.join("\n")}\n`);

    it("asks the API server, the service account and the Node, by no program that starts slowly", async () => {
        await answers("/readyz 200 ok", `${SERVICE_ACCOUNT} 200 {}`, `/api/v1/nodes/n1 200 ${node("True")}`);
        expect(await check()).to.deep.equal({ code: 0, said: "" });
        const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
        expect(asked.map((line) => line.split(" ").slice(0, 2).join(" "))).to.deep.equal([
            "GET /readyz",
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

    const notYet: [string, string[], string][] = [
        ["the API server is not ready", ["/readyz 500 failed"], "the API server's answer to /readyz is '500'"],
        ["the API server does not answer", [], "the API server's answer to /readyz is ''"],
        [
            "the service account is not there",
            ["/readyz 200 ok", `${SERVICE_ACCOUNT} 404 {}`],
            `the API server's answer to ${SERVICE_ACCOUNT} is '404'`,
        ],
        [
            "the Node is not Ready",
            ["/readyz 200 ok", `${SERVICE_ACCOUNT} 200 {}`, `/api/v1/nodes/n1 200 ${node("False")}`],
            "node n1 is not Ready: 'False'",
        ],
    ];
    for (const [what, lines, said] of notYet) {
        it(`fails where ${what}`, async () => {
            await answers(...lines);
            expect(await check()).to.deep.equal({ code: 1, said });
            expect(existsSync(join(folder, "lab-node-was-ready"))).to.equal(false);
        });
    }
});
