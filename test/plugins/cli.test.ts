/**
 * The language host and all replacement plugins under the real CLI. Skipped, and counted so, where pulumi or Docker is
 * missing.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { IMAGE, PREFIX, SUBNET, address, client } from "./docker-machine";
import { Project, projectHooks } from "./machine-pulumi";

const PROGRAM = `
const pulumi = require("@pulumi/pulumi"), docker = require("@pulumi/docker");
const random = require("@pulumi/random"), command = require("@pulumi/command");
const config = new pulumi.Config();
if (config.getBoolean("fail")) throw new pulumi.RunError("the program says no");
const password = new random.RandomPassword("password", { length: 20 });
const ipamConfigs = [{ subnet: "${SUBNET}", gateway: "${address(1)}" }];
const network = new docker.Network("network", { name: "${PREFIX}-n", ipamConfigs });
const count = config.getNumber("count") ?? 1;
const containers = Array.from({ length: count }, (_, i) => new docker.Container("c" + i, {
    name: "${PREFIX}-c" + i,
    image: "${IMAGE}",
    command: ["/bin/sh", "-c", "exec sleep 1000"],
    memory: config.getNumber("memory") ?? 64,
    envs: [pulumi.interpolate\`PASSWORD=\${password.result}\`],
    networksAdvanced: [{ name: network.name, ipv4Address: "${address(0).slice(0, -1)}" + (10 + i) }],
    ...JSON.parse(config.get("more") ?? "{}"),
}));
const done = new command.local.Command("done", {
    create: pulumi.interpolate\`echo \${containers[0].networkDatas[0].ipAddress}\`,
    delete: "echo bye > bye",
});
console.log("a line of the program");
exports.address = done.stdout;
exports.password = password.result;
`;

describe("plugins under the real Pulumi CLI", function () {
    this.timeout(180_000);
    const project = projectHooks(PROGRAM);

    const idOf = async (name: string): Promise<string> => (await client.getContainer(`${PREFIX}-${name}`).inspect()).Id;

    it("previews a new stack and makes nothing", async () => {
        const output = await project().must("preview");
        expect(Project.counts(output)).to.deep.equal({ create: 5 });
        expect(output).to.contain("a line of the program");
        expect(await client.listNetworks({ filters: { name: [`${PREFIX}-n`] } })).to.deep.equal([]);
    });

    it("goes up, with secrets encrypted in the state and outputs that are known", async () => {
        expect(Project.counts(await project().must("up", "--yes", "--skip-preview"))).to.include({ created: 5 });
        const outputs = JSON.parse(await project().must("stack", "output", "--json", "--show-secrets")) as {
            address: string;
            password: string;
        };
        expect(outputs.password).to.have.length(20);
        expect(outputs.address).to.equal(address(10));
        expect(await project().must("stack", "export")).to.not.contain(outputs.password);
    });

    it("changes nothing where nothing has changed", async () => {
        await project().must("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project().must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("grows without touching what is there, and updates in place", async () => {
        const first = await idOf("c0");
        await project().must("config", "set", "count", "2");
        await project().must("config", "set", "memory", "96");
        expect(Project.counts(await project().must("preview"))).to.deep.include({ create: 1, update: 1 });
        await project().must("up", "--yes", "--skip-preview");
        expect(await idOf("c0")).to.equal(first);
        expect((await client.getContainer(first).inspect()).HostConfig.Memory).to.equal(96 * 1024 * 1024);
    });

    it("finds out what was deleted by hand, and makes it again", async () => {
        await client.getContainer(`${PREFIX}-c1`).remove({ force: true });
        await client.getContainer(`${PREFIX}-c0`).kill();
        const refreshed = await project().must("refresh", "--yes", "--skip-preview");
        expect(refreshed).to.contain(`container ${PREFIX}-c0 does not run`);
        expect(Project.counts(await project().must("preview"))).to.include({ create: 1, update: 1 });
        await project().must("up", "--yes", "--skip-preview");
        expect((await client.getContainer(`${PREFIX}-c0`).inspect()).State.Running).to.equal(true);
        expect((await client.getContainer(`${PREFIX}-c1`).inspect()).State.Running).to.equal(true);
    });

    it("replaces, old one first, where the name stays", async () => {
        const before = await idOf("c0");
        await project().must("config", "set", "more", '{"hostname":"other"}');
        expect(Project.counts(await project().must("up", "--yes", "--skip-preview"))).to.include({ replaced: 2 });
        expect(await idOf("c0")).to.not.equal(before);
        await project().must("config", "rm", "more");
    });

    it("refuses what it does not implement before anything is made, and keeps the program's own errors", async () => {
        await project().must("config", "set", "more", '{"gpus":"all"}');
        const { code, output } = await project().pulumi("preview");
        expect(code).to.not.equal(0);
        expect(output).to.contain(
            "gpus of docker:index/container:Container is not implemented by this replacement plugin",
        );
        await project().must("config", "rm", "more");
        await project().must("config", "set", "fail", "true");
        const failed = await project().pulumi("preview");
        expect(failed.code).to.not.equal(0);
        expect(failed.output).to.contain("the program says no").and.not.to.contain("non-zero exit code");
        await project().must("config", "rm", "fail");
    });

    it("tells about itself", async () => {
        const about = await project().must("about");
        expect(about).to.match(/Language\s+nodejs|nodejs\s+/);
        expect(about).to.match(/@pulumi\/pulumi|docker\s+5\.2\.0/);
    });

    it("destroys everything, and runs delete commands", async () => {
        await project().must("destroy", "--yes", "--skip-preview");
        expect(
            (await client.listContainers({ all: true })).filter((found) => found.Names[0]?.startsWith(`/${PREFIX}`)),
        ).to.deep.equal([]);
        expect(await client.listNetworks({ filters: { name: [`${PREFIX}-n`] } })).to.deep.equal([]);
        expect(await readFile(join(project().directory, "bye"), "utf8")).to.equal("bye\n");
    });
});
