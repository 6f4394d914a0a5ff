import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { kubeconfigOfState } from "../../cli/recovery/state";
import { writeWhereMissing } from "../../components/kubeconfig-file";
import { adminKubeconfig } from "../../components/substrate/embedded/pki-files";
import { createPki } from "../../tasks/pki/pki";
import { FakeCommands } from "./fake-commands";

describe("The administrator's kubeconfig", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "kubeconfig-test-"))));
    afterEach(() => rm(folder, { recursive: true }));

    it("is written again, for its owner alone, after somebody has removed its folder", async () => {
        const path = join(folder, ".lab", "dev", "kubeconfig");
        expect(await writeWhereMissing(path, "one")).to.equal(path);
        expect(await readFile(path, "utf8")).to.equal("one");
        expect((await stat(path)).mode & 0o777).to.equal(0o600);
    });

    it("is left alone where it is there: Pulumi's command keeps it up to date", async () => {
        const path = join(folder, "kubeconfig");
        await writeFile(path, "one");
        await writeWhereMissing(path, "other");
        expect(await readFile(path, "utf8")).to.equal("one");
    });

    it("has names that no other lab's has, so that kubectl tells the labs apart where both are merged", async () => {
        const pki = await createPki({
            name: "x",
            validityDays: 1,
            kubernetes: { apiServerNames: ["localhost"], nodes: {} },
            servers: {},
        });
        const config = JSON.parse(adminKubeconfig(pki, "https://127.0.0.1:1", "m3lab-dev")) as {
            contexts: object[];
            clusters: { name: string }[];
            users: { name: string }[];
        };
        expect(config.contexts).to.deep.equal([
            { name: "m3lab-dev", context: { cluster: "m3lab-dev", user: "m3lab-dev" } },
        ]);
        expect([config.clusters[0]?.name, config.users[0]?.name]).to.deep.equal(["m3lab-dev", "m3lab-dev"]);
    });

    describe("in the state", () => {
        let machine: FakeCommands;
        beforeEach(async () => (machine = await FakeCommands.create()));
        afterEach(() => machine.remove());

        const provider = (outputs: object): string =>
            JSON.stringify({
                deployment: {
                    resources: [
                        {
                            urn: "urn:pulumi:dev::p::pulumi:providers:kubernetes::kubernetes-kubernetes",
                            type: "pulumi:providers:kubernetes",
                            outputs,
                        },
                    ],
                },
            });

        it("is found for a clean-up after a run that was killed, also where its file is gone", async () => {
            const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
            await machine.write("state", provider({ kubeconfig: { ...secret, plaintext: '"{}"' } }));
            expect(await kubeconfigOfState(machine.ready, "dev")).to.equal("{}");
        });

        it("is missing as long as the cluster is not made", async () => {
            await machine.state("c0");
            expect(await kubeconfigOfState(machine.ready, "dev")).to.equal(undefined);
        });
    });
});
