/**
 * A stack whose state another plugin wrote, under the real CLI. Skipped, and counted so, where pulumi or Docker is
 * missing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { PREFIX, client } from "./docker-machine";
import { NAMES, STATES } from "./docker-states";
import { Json } from "./harness";
import { Project, projectHooks } from "./machine-pulumi";
import { Recorded } from "./states";

const inputs = (recorded: Recorded, more: Json = {}): string => JSON.stringify({ ...recorded.program, ...more });
const COMMAND = { create: "echo run >> runs" };

const PROGRAM = `
const docker = require("@pulumi/docker"), random = require("@pulumi/random"), command = require("@pulumi/command");
const network = new docker.Network("network", ${inputs(STATES.network)}, { ignoreChanges: ["labels"] });
const volume = new docker.Volume("volume", ${inputs(STATES.volume)}, { ignoreChanges: ["labels"] });
new docker.Container("container", ${inputs(STATES.container)}, { dependsOn: [network, volume] });
new random.RandomPassword("password", ${inputs(STATES.password)});
new command.local.Command("command", ${inputs(STATES.command, COMMAND)});
`;

describe("a stack of another plugin under the real Pulumi CLI", function () {
    this.timeout(300_000);
    const project = projectHooks(PROGRAM);
    before(() => project().must("up", "--yes", "--skip-preview"));

    /** Puts what that plugin would have written into the state. */
    async function rewrite(who: "older" | "official"): Promise<void> {
        const state = JSON.parse(await project().must("stack", "export")) as {
            deployment: { resources: { type: string; inputs: Json; outputs: Json; ignoreChanges?: string[] }[] };
        };
        for (const recorded of Object.values(STATES)) {
            const resource = state.deployment.resources.find(({ type }) => type === recorded.token);
            if (resource === undefined) {
                throw new Error(`the state has no ${recorded.token}`);
            }
            resource.inputs = { ...recorded[who], ...(recorded === STATES.command ? COMMAND : {}) };
            if (who === "official") {
                resource.outputs = { ...resource.outputs, ...recorded.officialOutputs };
            }
            delete resource.ignoreChanges;
        }
        await writeFile(join(project().directory, "state.json"), JSON.stringify(state));
        await project().must("stack", "import", "--file", "state.json");
    }

    for (const who of ["older", "official"] as const) {
        it(`goes on without a change after the ${who} plugin: preview, refresh, update`, async () => {
            const { Id } = await client.getContainer(NAMES.container).inspect();
            await rewrite(who);
            await project().must("preview", "--refresh", "--expect-no-changes");
            await project().must("up", "--yes", "--skip-preview", "--expect-no-changes");
            await rewrite(who);
            await project().must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
            await project().must("up", "--yes", "--skip-preview", "--expect-no-changes");
            expect((await client.getContainer(NAMES.container).inspect()).Id).to.equal(Id);
            expect(await readFile(join(project().directory, "runs"), "utf8")).to.equal("run\n");
        });
    }

    it("leaves no note of defaults in the inputs of a command after an update", async () => {
        await rewrite("older");
        await project().must("up", "--yes", "--skip-preview");
        const { deployment } = JSON.parse(await project().must("stack", "export")) as {
            deployment: { resources: { type: string; inputs: Json }[] };
        };
        const command = deployment.resources.find(({ type }) => type === STATES.command.token);
        expect(command?.inputs).to.deep.equal({ ...STATES.command.program, ...COMMAND });
    });

    it("is destroyed to the last object", async () => {
        await rewrite("official");
        expect(Project.counts(await project().must("destroy", "--yes", "--skip-preview"))).to.include({ deleted: 6 });
        expect(await client.listContainers({ all: true, filters: { name: [PREFIX] } })).to.deep.equal([]);
        expect((await client.listVolumes({ filters: { name: [PREFIX] } })).Volumes).to.deep.equal([]);
    });
});
