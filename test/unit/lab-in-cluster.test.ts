import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { refuseLabInCluster } from "../../cli/recovery/lab-in-cluster";
import { stackFile } from "../../cli/stack-file";
import { ownerAnnotations, type LabOwner } from "../../plan/lab-owner";
import type { Ready } from "../../toolchain/ensure";
import { ensureStateId } from "../../toolchain/pulumi/state-id";
import { kubeconfigFor } from "../kubeconfig";
import { FakeCommands } from "./fake-commands";

const STACK = "lab-in-cluster-test";
const THEIRS: LabOwner = { id: "theirs", state: "s3://labs", checkout: "/srv/lab", user: "ada@host" };

/** Answers a kubeconfig for the fake cluster, or fails like kubectl does without one. */
const kubectl = (kubeconfig: string | undefined): string =>
    kubeconfig === undefined
        ? "#!/bin/sh\necho 'error: context \"x\" does not exist' >&2\nexit 1\n"
        : `#!/bin/sh\ncat <<'TEXT'\n${kubeconfig}\nTEXT\n`;

describe("A lab of the stack's name in a cluster that is there", () => {
    let machine: FakeCommands;
    let folder: string;
    let ready: Ready;
    let server: Server;
    let url: string;
    let owner: LabOwner | undefined;
    let prefix: string;

    before(async () => {
        server = createServer((request, response) => {
            const annotations = owner && ownerAnnotations(owner, { prefix });
            const name = request.url?.endsWith("/kube-system") ? "kube-system" : undefined;
            const items = [{ metadata: { name: "default" } }, { metadata: { name: "metal3", annotations } }];
            response.writeHead(200, { "content-type": "application/json" });
            response.end(JSON.stringify(name ? { metadata: { name, uid: "1" } } : { kind: "NamespaceList", items }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());
    beforeEach(async () => {
        [owner, prefix] = [THEIRS, `m3lab-${STACK}`];
        machine = await FakeCommands.create();
        folder = await mkdtemp(join(tmpdir(), "lab-in-cluster-"));
        const { env, ...rest } = machine.ready;
        ready = { ...rest, env: { ...env, PATH: `${folder}:${env["PATH"] ?? ""}` } };
        await writeFile(join(folder, "kubectl"), kubectl(kubeconfigFor(url)), { mode: 0o755 });
        await configure("existing");
    });
    afterEach(async () => {
        await rm(stackFile(STACK), { force: true });
        await rm(folder, { recursive: true });
        await machine.remove();
    });

    const configure = (substrate: string): Promise<void> =>
        writeFile(stackFile(STACK), `config:\n  metal3-scale-lab:substrate: ${substrate}\n`);

    const refused = (whose: "others" | "any"): Promise<string | undefined> =>
        refuseLabInCluster(ready, STACK, whose).then(
            () => undefined,
            ({ message }: Error) => message,
        );

    it("is refused where somebody else's state has it, with the names of both", async () => {
        for (const whose of ["others", "any"] as const) {
            expect(await refused(whose), whose)
                .to.include(`nothing was changed: the cluster ${url} has the lab ${prefix} in the namespace metal3`)
                .and.include("made by ada@host from the checkout /srv/lab with the state s3://labs");
        }
    });

    it("is refused where it is of the state at hand only if that does not know it any more", async () => {
        owner = { ...THEIRS, id: await ensureStateId(ready.env) };
        expect(await refused("others")).to.equal(undefined);
        expect(await refused("any")).to.include("nothing was changed");
    });

    it("is no other lab, no lab of another name, and none of a lab with a cluster of its own", async () => {
        prefix = "m3lab-other";
        expect(await refused("any")).to.equal(undefined);
        prefix = `m3lab-${STACK}`;
        owner = undefined;
        expect(await refused("any")).to.equal(undefined);
        owner = THEIRS;
        await configure("minikube");
        expect(await refused("any")).to.equal(undefined);
    });

    it("is not known where the cluster is not reached: down says so, and up leaves it to the program", async () => {
        await writeFile(join(folder, "kubectl"), kubectl(undefined), { mode: 0o755 });
        expect(await refused("others")).to.equal(undefined);
        expect(await refused("any")).to.include('context "x" does not exist');
    });
});
