import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { run as runCommand } from "../../toolchain/run";
import { notThere } from "../skip";
import { lab, PREFIX, removeState, STACK, tally, type Result } from "./harness";
import { OfflineMachine } from "./offline-machine";

const MINUTE = 60_000;
const CONFIGURATION = { nodes: 3, clusters: 1, provisioningCidr: "192.168.232.0/24" };
const STACK_FILE = [
    "config:",
    ...Object.entries(CONFIGURATION).map(([key, value]) => `  metal3-scale-lab:${key}: "${value}"`),
    "",
].join("\n");

/** Most of what a bundle may have, bytes: it has to fit where people carry it. */
const MOST_BYTES = 1.2 * 1024 ** 3;

interface Listed {
    items: {
        metadata: { name: string };
        status: {
            provisioning?: { state: string };
            conditions?: { type: string; status: string }[];
        };
    }[];
}

describe("a lab on a machine without a network", function () {
    this.timeout(60 * MINUTE);
    // Each step stands on the one before.
    this.bail(true);
    let machine: OfflineMachine;
    let bundle: string;
    const npmRun = (name: string, ...args: string[]): Promise<Result> =>
        machine.run(["npm", "run", name, "--", "--stack", STACK, ...args]);

    before(async function () {
        const obstacle = await OfflineMachine.obstacle();
        if (obstacle !== undefined) {
            notThere(this, "a machine without a network", obstacle);
        }
        machine = new OfflineMachine();
        bundle = join(machine.folder, "lab.tar");
        await machine.start();
        for (const checkout of [".", machine.checkout]) {
            writeFileSync(join(checkout, `Pulumi.${STACK}.yaml`), STACK_FILE);
        }
    });
    after(async () => {
        await (machine as OfflineMachine | undefined)?.stop();
        removeState();
    });

    it("begins with a bundle that another machine has made", async () => {
        const { code, output } = await lab("bundle", "--stack", STACK, "--out", bundle);
        expect(code, output).to.equal(0);
        expect(output).to.match(/lab\.tar: [01]\.\d GiB, for stack bundle at commit [0-9a-f]{40}/);
        expect(statSync(bundle).size).to.be.below(MOST_BYTES);
    });

    it("would be seen to try the network", async () => {
        const send = 'const s = require("dgram").createSocket("udp4"); s.send("x", 9, "198.51.100.1", () => s.close())';
        expect((await machine.run(["node", "-e", send])).code).to.equal(0);
        const { packets, seen } = await machine.tries();
        expect(packets, seen).to.equal(1);
        await machine.forgetTries();
    });

    it("comes up, and no command of it has tried the network", async () => {
        const { code, output } = await npmRun("up", "--bundle", bundle);
        expect(code, output).to.equal(0);
        expect(output).to.include("with the bundle nothing is missing here");
        expect(output).to.not.match(/\] (compile|image|pull) /);
        const { packets, seen } = await machine.tries();
        expect(packets, seen).to.equal(0);
    });

    /** Objects of the living lab, by its own kubectl. */
    const objects = async (resource: string): Promise<Listed["items"]> => {
        const script = `eval "$(npm run -s env -- --stack ${STACK})"; kubectl get -A -o json ${resource}`;
        const kubeconfig = `KUBECONFIG=${machine.checkout}/.lab/${STACK}/kubeconfig`;
        const { code, output } = await machine.run(["env", kubeconfig, "sh", "-c", script], { quiet: true });
        expect(code, output).to.equal(0);
        return (JSON.parse(output) as Listed).items;
    };
    const having = (items: Listed["items"], condition: string): string[] =>
        items
            .filter(({ status }) =>
                status.conditions?.some(({ type, status: is }) => type === condition && is === "True"),
            )
            .map(({ metadata }) => metadata.name);

    it("has its node, its hosts and its cluster", async () => {
        expect(having(await objects("nodes"), "Ready")).to.deep.equal([`${PREFIX}-control-plane`]);
        const hosts = (await objects("baremetalhosts")).map(({ status }) => status.provisioning?.state ?? "");
        expect(tally(hosts)).to.deep.equal({ provisioned: 1, available: 2 });
        expect(having(await objects("clusters"), "Available")).to.deep.equal(["cluster-0000"]);
    });

    it("runs images of that machine's own Docker alone", async () => {
        const args = ["--host", machine.dockerHost, "ps", "--format", "{{.Names}}"];
        const names = (await runCommand("docker", args, { timeoutMs: MINUTE })).split("\n");
        expect(names).to.have.length(5);
        expect(names).to.include(`${PREFIX}-control-plane`);
        // What that Docker has, it has from the bundle: no base image, upon which the others were built.
        const bases = ["image", "ls", "--quiet", "metal3-scale-lab/base"];
        const base = await runCommand("docker", ["--host", machine.dockerHost, ...bases], { timeoutMs: MINUTE });
        expect(base).to.equal("");
    });

    it("is up to date without the bundle, which is not asked for again", async () => {
        const { code, output } = await npmRun("up", "--expect-no-changes");
        expect(code, output).to.equal(0);
        const { packets, seen } = await machine.tries();
        expect(packets, seen).to.equal(0);
    });

    it("goes, and leaves nothing behind", async () => {
        const { code, output } = await npmRun("down");
        expect(code, output).to.equal(0);
        for (const kind of ["container", "network", "volume"]) {
            const all = kind === "container" ? ["--all"] : [];
            const format = ["--format", kind === "container" ? "{{.Names}}" : "{{.Name}}"];
            const args = ["--host", machine.dockerHost, kind, "ls", ...all, ...format];
            expect(await runCommand("docker", args, { timeoutMs: MINUTE })).to.not.include(PREFIX);
        }
        expect(existsSync(join(machine.checkout, ".lab", STACK))).to.equal(false);
        const { packets, seen } = await machine.tries();
        expect(packets, seen).to.equal(0);
    });
});
