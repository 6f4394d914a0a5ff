import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pulumiSettings } from "../../cli/pulumi";
import { knownIds } from "../../cli/recovery/state";
import { dropSalt } from "../../cli/stack-file";
import { labLabel } from "../../machine/docker/objects";
import { dockerLabels } from "../../plan/docker-labels";
import { stackPrefix } from "../../plan/identities";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";

describe("The stack of a lab", () => {
    it("loses the salt from a configuration file without secrets, and keeps it in one with a secret", async () => {
        const dir = await mkdtemp(join(tmpdir(), "lab-salt-test-"));
        const file = join(dir, "Pulumi.dev.yaml");
        try {
            await writeFile(file, "# ours\nencryptionsalt: v1:abc\nconfig:\n  metal3-scale-lab:nodes: 4 # hosts\n");
            expect(await dropSalt(file)).to.equal(true);
            expect(await readFile(file, "utf8"))
                .to.contain("metal3-scale-lab:nodes: 4 # hosts")
                .and.not.contain("salt");
            expect(await dropSalt(file)).to.equal(false);
            const secret = "encryptionsalt: v1:abc\nconfig:\n  a:b:\n    secure: v1:x\n";
            await writeFile(file, secret);
            expect(await dropSalt(file)).to.equal(false);
            expect(await readFile(file, "utf8")).to.equal(secret);
        } finally {
            await rm(dir, { recursive: true });
        }
    });

    it("has its leftovers looked for under the label that the program gives to containers", () => {
        const [label] = dockerLabels(plan(validate({}), "dev"));
        expect(labLabel(stackPrefix("dev"))).to.equal(`${label?.label}=${label?.value}`);
        expect(stackPrefix("organization/metal3-scale-lab/dev")).to.equal(stackPrefix("dev"));
    });

    it("has no leftover that its state knows by id or by name", () => {
        expect([
            ...knownIds([{ id: "abc", outputs: { name: "m3lab-dev-x" } }, { outputs: { name: 7 } }]),
        ]).to.deep.equal(["abc", "m3lab-dev-x"]);
    });

    it("has no checkpoints and a larger heap only when the lab is large", () => {
        expect(pulumiSettings(4, 2, 115, {})).to.deep.equal({});
        expect(pulumiSettings(Number.NaN, 2, 0, {})).to.deep.equal({});
        expect(pulumiSettings(500, 100, 115, {})).to.deep.equal({
            PULUMI_SKIP_CHECKPOINTS: "true",
            NODE_OPTIONS: "--max-old-space-size=4096",
        });
        expect(pulumiSettings(10_000, 0, 0, { NODE_OPTIONS: "--trace-warnings" })["NODE_OPTIONS"]).to.equal(
            "--trace-warnings --max-old-space-size=8000",
        );
    });

    it("has no checkpoints either when a large lab is made small", () => {
        for (const nodes of [4, Number.NaN]) {
            expect(pulumiSettings(nodes, 2, 3189, {})).to.deep.equal(pulumiSettings(200, 0, 0, {}));
        }
    });

    it("has the same settings in a shell that has them already", () => {
        const env = { NODE_OPTIONS: "--trace-warnings --max-old-space-size=4096" };
        expect(pulumiSettings(10_000, 0, 0, env)["NODE_OPTIONS"]).to.equal(
            "--trace-warnings --max-old-space-size=8000",
        );
        expect(pulumiSettings(1000, 0, 0, env)).to.deep.equal({ PULUMI_SKIP_CHECKPOINTS: "true", ...env });
    });
});
