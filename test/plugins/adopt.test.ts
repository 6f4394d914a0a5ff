import { join } from "node:path";
import { expect } from "chai";
import { findUnrecorded, inventoryKey, type PreviewStep } from "../../cli/recovery/adopt";
import type { StackState } from "../../cli/recovery/state";
import { skipBecause } from "../skip";
import { cleanUp, client, IMAGE, isDockerThere, makeImage, PREFIX } from "./docker-machine";
import { isPulumiThere, Project } from "./machine-pulumi";

const NAME = `${PREFIX}-adopted`;

/** A container with inputs that no read of Docker gives back as they were: files, a grace period, what must run. */
const PROGRAM = `
const docker = require("@pulumi/docker");
const volume = new docker.Volume("volume", { name: "${NAME}", labels: [{ label: "a", value: "b" }] });
new docker.Container("container", {
    name: "${NAME}", image: "${IMAGE}", command: ["/bin/sh", "-c", "exec sleep 1000"], envs: ["A=1"],
    uploads: [{ file: "/etc/a", content: "x" }], volumes: [{ volumeName: volume.name, containerPath: "/data" }],
    destroyGraceSeconds: 1, restart: "unless-stopped", labels: [{ label: "a", value: "b" }],
});
`;

describe("Docker objects that a killed run made and did not record", function () {
    this.timeout(180_000);
    let project: Project | undefined;

    before(async function () {
        if (!(await isPulumiThere()) || !(await isDockerThere())) {
            skipBecause(this, "pulumi or Docker is missing");
        }
        await makeImage();
        project = await Project.create(PROGRAM);
    });
    after(async () => {
        await project?.remove();
        if (await isDockerThere()) {
            await cleanUp();
        }
    });

    it("are adopted without a replacement: the same container, and nothing to change", async () => {
        const here = project as Project;
        const pulumi = (...args: string[]): Promise<string> => here.must(...args);
        await pulumi("up", "--yes", "--skip-preview");
        const { Id: id } = await client.getContainer(NAME).inspect();
        const whole = JSON.parse(await pulumi("stack", "export")) as StackState;
        const importState = async (resources: object[]): Promise<void> => {
            const state = { ...whole, deployment: { ...whole.deployment, resources } };
            await here.file("state.json", JSON.stringify(state));
            await pulumi("stack", "import", "--file", join(here.directory, "state.json"));
        };
        const isDockers = ({ type }: { type: string }): boolean => type.startsWith("docker:");
        const kept = (whole.deployment?.resources ?? []).filter((resource) => !isDockers(resource));
        await importState(kept);

        const preview = await pulumi("preview", "--json");
        const { steps } = JSON.parse(preview.slice(preview.indexOf("{"), preview.lastIndexOf("}") + 1)) as {
            steps: PreviewStep[];
        };
        const ids: Record<string, string> = {
            "docker:index/container:Container": id,
            "docker:index/volume:Volume": NAME,
        };
        const inventory = new Map(
            steps.flatMap(({ newState }): [string, string][] => {
                const found = newState && ids[newState.type];
                return newState && found ? [[inventoryKey(newState), found]] : [];
            }),
        );
        const found = findUnrecorded(kept, steps, inventory);
        expect(found.map(({ type }) => type)).to.have.members(Object.keys(ids));
        await importState([...kept, ...found]);
        await pulumi("refresh", "--yes", "--skip-preview");
        expect(Project.counts(await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))).to.deep.equal({
            unchanged: 3,
        });
        expect((await client.getContainer(NAME).inspect()).Id).to.equal(id);
        await pulumi("destroy", "--yes", "--skip-preview");
    });
});
