import { join } from "node:path";
import { expect } from "chai";
import { skipBecause } from "../skip";
import { isPulumiThere, Project } from "./machine-pulumi";

const ROOT = join(__dirname, "../..");

/**
 * A lab that consists of minikube's machine, and holds its configuration against the stack as the lab's own program
 * does. The second command fails, as a later layer of a lab may.
 */
const program = (memoryMib: number, fails: boolean): string => `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi"), command = require("@pulumi/command");
const { readLivingLab } = require(${JSON.stringify(join(ROOT, "prepare/living-lab"))});
const { validate } = require(${JSON.stringify(join(ROOT, "plan/validate"))});
module.exports = async () => {
    const raw = { substrate: "minikube", minikubeMemory: "${memoryMib}" };
    try {
        validate(raw, { living: await readLivingLab() });
    } catch (error) {
        throw new pulumi.RunError(error.message);
    }
    const machine = { driver: "kvm2", memoryMib: ${memoryMib} };
    const first = new command.local.Command("kubernetes-machine", {
        create: "true",
        environment: { MINIKUBE_MACHINE: JSON.stringify(machine) },
    });
    new command.local.Command("later", { create: "${fails ? "false" : "true"}" }, { dependsOn: [first] });
    return { wanted: ${memoryMib} };
};
`;

describe("The living lab, as a real Pulumi tells it", function () {
    this.timeout(120_000);
    let project: Project | undefined;

    before(async function () {
        if (!(await isPulumiThere())) {
            skipBecause(this, "pulumi is missing");
        }
        project = await Project.create(program(8192, true));
    });
    after(() => project?.remove());

    it("is none before the first up, and what was made after one that failed, without any output", async () => {
        const lab = project as Project;
        await lab.must("preview");
        expect((await lab.pulumi("up", "--yes", "--skip-preview")).code).to.not.equal(0);
        await lab.file("index.js", program(4096, false));
        for (const args of [["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"]]) {
            const { code, output } = await lab.pulumi(...args);
            expect(code, output).to.not.equal(0);
            expect(output).to.include('minikubeMemory = "4096": this lab has 8192').and.include("nothing was made");
        }
        await lab.file("index.js", program(8192, false));
        expect(Project.counts(await lab.must("up", "--yes", "--skip-preview"))).to.include({ created: 1 });
    });

    it("is none again after destroy", async () => {
        const lab = project as Project;
        await lab.must("destroy", "--yes", "--skip-preview");
        await lab.file("index.js", program(4096, false));
        expect(Project.counts(await lab.must("up", "--yes", "--skip-preview"))).to.include({ created: 3 });
    });
});
