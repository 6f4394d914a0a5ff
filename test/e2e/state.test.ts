import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { look } from "../../toolchain/run";
import { notThere } from "../skip";
import { CloudServices } from "./cloud-services";
import { eventually, lab as command, pulumi, run, STACK, STATE } from "./harness";
import { Live } from "./live";
import { cleanBeforeAndAfter, lab, remains } from "./steps/lab";

const MINUTE = 60_000;
const BUCKET = "labs";
const FILE = `Pulumi.${STACK}.yaml`;
const STATE_OBJECT = `.pulumi/stacks/metal3-scale-lab/${STACK}.json`;

/** `npm run NAME` for the stack. */
const npmRun = (name: string, ...args: string[]) => command(name, "--stack", STACK, ...args);

describe("a lab whose state is in a bucket, with a key of a key service", function () {
    this.timeout(30 * MINUTE);
    this.bail(true);
    let cloud: CloudServices;

    // First, so that what is left is taken away while the bucket is still there.
    cleanBeforeAndAfter();
    before(async function () {
        if ((await look("python3", ["-c", "import ensurepip, venv"])) === undefined) {
            notThere(this, "a bucket", "it takes python3 with venv, for moto from PyPI");
        }
        cloud = await CloudServices.start(BUCKET);
        Object.assign(process.env, cloud.environment(BUCKET));
    });
    after(() => (cloud as CloudServices | undefined)?.stop());

    it("comes up, keeps its state in the bucket alone, and its secrets by the key", async () => {
        const configuration = Object.entries({ nodes: 2, clusters: 1, provisioningCidr: "192.168.236.0/24" });
        writeFileSync(
            FILE,
            [
                `secretsprovider: ${cloud.secretsProvider}`,
                "config:",
                ...configuration.map(([key, value]) => `  metal3-scale-lab:${key}: "${value}"`),
                "",
            ].join("\n"),
        );
        const { code, output } = await npmRun("up");
        expect(code, output).to.equal(0);
        lab.live = new Live();
        expect(await lab.live.availableClusters()).to.have.length(1);
        const state = await cloud.text(BUCKET, STATE_OBJECT);
        expect(state).to.include(cloud.secretsProvider).and.not.include("BEGIN RSA");
        expect(readdirSync(STATE)).to.not.include("pulumi");
    });

    it("has not drifted, also by a checkout whose file does not name the key", async () => {
        const { code, output } = await npmRun("drift", "--out", ".lab/test/drift.json");
        expect(code, output).to.equal(0);
        const { output: config } = await run("sed", ["-i", "/^secretsprovider:/d; /^encryptedkey:/d", FILE]);
        expect(config).to.equal("");
        const again = await npmRun("drift", "--out", ".lab/test/drift.json");
        expect(again.code, again.output).to.equal(0);
        expect((await run("cat", [FILE], { quiet: true })).output).to.include(cloud.secretsProvider);
    });

    it("says what differs when somebody has changed it, and changes it back", async () => {
        const { code: changed } = await lab.live.kubectl([
            "-n",
            "metal3",
            "scale",
            "deployment/fkas-0",
            "--replicas=0",
        ]);
        expect(changed).to.equal(0);
        const { code, output } = await npmRun("drift", "--out", ".lab/test/drift.json");
        expect(code).to.equal(1);
        expect(output).to.include("Deployment `fkas-0` differs in `spec.replicas`: `up` sets that back.");
        const { code: up, output: said } = await npmRun("up", "--refresh");
        expect(up, said).to.equal(0);
        expect((await npmRun("drift", "--out", ".lab/test/drift.json")).code).to.equal(0);
    });

    it("hands its kubeconfig to another checkout", async () => {
        const file = `.lab/${STACK}/kubeconfig`;
        rmSync(file);
        const { code, output } = await npmRun("kubeconfig");
        expect(code, output).to.equal(0);
        expect(existsSync(file)).to.equal(true);
        expect(await lab.live.availableClusters()).to.have.length(1);
    });

    it("goes on after a kill, once the lock in the bucket is released", async () => {
        await run("sed", ["-i", 's/nodes: "2"/nodes: "3"/', FILE]);
        const killed = pulumi(["up", "--yes", "--skip-preview"], {
            kill: { when: (said) => said.includes("host-0002") },
        });
        await killed;
        await eventually(
            "the lock to be there",
            30,
            async () => (await cloud.objects(BUCKET)).some((name) => name.startsWith(".pulumi/locks/")),
            () => cloud.objects(BUCKET),
        );
        const { code, output } = await npmRun("up");
        expect(code).to.not.equal(0);
        expect(output).to.include("the stack is currently locked by 1 lock(s)").and.include("pulumi cancel");
        expect((await pulumi(["cancel", "--yes"])).code).to.equal(0);
        const again = await npmRun("up");
        expect(again.code, again.output).to.equal(0);
        expect(Object.keys(await lab.live.hostStates())).to.have.length(3);
    });

    it("leaves nothing but an empty bucket", async () => {
        const { code, output } = await npmRun("down");
        expect(code, output).to.equal(0);
        expect(await remains()).to.deep.equal([]);
        expect(await cloud.objects(BUCKET)).to.deep.equal([".pulumi/meta.yaml"]);
        // An empty state folder may go as well.
        expect(existsSync(STATE) ? readdirSync(STATE) : []).to.deep.equal([]);
    });
});
