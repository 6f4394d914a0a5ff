import { join } from "node:path";
import { expect } from "chai";
import { skipBecause } from "../skip";
import { address, cleanUp, isDockerThere, PREFIX, SUBNET } from "./docker-machine";
import { isPulumiThere, Project } from "./machine-pulumi";

const NAME = `${PREFIX}-lab`;
const ROOT = join(__dirname, "../..");

/** A lab that consists of its network. The program refuses it as the lab's own program does. */
const program = (withRecord: boolean): string => `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi"), docker = require("@pulumi/docker");
const { foreignLabProblems } = require(${JSON.stringify(join(ROOT, "prepare/foreign-lab"))});
const { ownerHere } = require(${JSON.stringify(join(ROOT, "machine/owner"))});
const { ownerLabels } = require(${JSON.stringify(join(ROOT, "plan/lab-owner"))});
module.exports = async () => {
    const owner = await ownerHere(process.env, true, pulumi.getOrganization());
    const [problem] = await foreignLabProblems("${NAME}", owner);
    if (problem) throw new pulumi.RunError(problem.key + ": " + problem.rule);
    const labels = [{ label: "metal3-scale-lab", value: "${NAME}" }, ...(${withRecord} ? ownerLabels(owner) : [])];
    const ipamConfigs = [{ subnet: "${SUBNET}", gateway: "${address(1)}" }];
    new docker.Network("network", { name: "${NAME}", labels, ipamConfigs }, { ignoreChanges: ["labels"] });
};
`;

describe("Plain pulumi up where a lab of the same name is on this machine", function () {
    this.timeout(180_000);
    const projects: Project[] = [];
    const create = async (withRecord: boolean): Promise<Project> => {
        const project = await Project.create(program(withRecord));
        projects.push(project);
        return project;
    };
    const up = ["up", "--yes", "--skip-preview"];

    before(async function () {
        if (!(await isPulumiThere()) || !(await isDockerThere())) {
            skipBecause(this, "pulumi or Docker is missing");
        }
    });
    afterEach(async () => {
        if (await isDockerThere()) {
            await cleanUp();
        }
        await Promise.all(projects.splice(0).map((project) => project.remove()));
    });

    it("changes nothing for the state that made the lab, and tells another state whose lab it is", async () => {
        const ours = await create(true);
        await ours.must(...up);
        await ours.must(...up, "--expect-no-changes");
        const { code, output } = await (await create(true)).pulumi(...up);
        expect(code).to.not.equal(0);
        expect(output).to.match(/stack: a lab of that name is here since .* UTC, made by .*@/);
        expect(output).to.include(`the state file://${ours.directory}`);
    });

    it("knows a lab older than the record by the network in the state, and refuses it to another state", async () => {
        const ours = await create(false);
        await ours.must(...up);
        await ours.must(...up, "--expect-no-changes");
        // A newer checkout would record who made a lab, but replaces no network for that.
        await ours.file("index.js", program(true));
        await ours.must(...up, "--expect-no-changes");
        const { code, output } = await (await create(true)).pulumi(...up);
        expect(code).to.not.equal(0);
        expect(output).to.include("no record says who made it");
    });
});
