import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import Docker from "dockerode";
import { waitUntil } from "../../../lib/wait-until";
import { builtReference } from "../../../toolchain/images/reference";
import { docker } from "../../docker";
import { run } from "../harness";

/** A port that nobody has at this moment. */
const freePort = (): Promise<number> =>
    new Promise((resolve) => {
        const server = createServer();
        server.listen(0, () => {
            const { port } = server.address() as AddressInfo;
            server.close(() => resolve(port));
        });
    });

/** A container registry on this machine, without a certificate, for as long as a test needs it. */
export class TestRegistry {
    private static readonly IMAGE = "metal3-scale-lab-e2e/registry:bookworm";
    private readonly tagged: string[] = [];

    private constructor(
        private readonly container: string,
        /** Host and port by which Docker reaches it. */
        readonly host: string,
    ) {}

    /** In the network of the machine: nodes reach it at the gateway of theirs, Docker on the loopback interface. */
    static async start(): Promise<TestRegistry> {
        const base = `BASE=${builtReference("base")}`;
        await docker("build", "--network", "host", "--build-arg", base, "--tag", TestRegistry.IMAGE, join(__dirname));
        const port = await freePort();
        const container = `metal3-scale-lab-e2e-registry-${port}`;
        const address = ["--env", `REGISTRY_HTTP_ADDR=:${port}`];
        await docker("run", "--detach", "--name", container, "--network", "host", ...address, TestRegistry.IMAGE);
        const registry = new TestRegistry(container, `127.0.0.1:${port}`);
        await waitUntil({
            what: "the registry",
            timeoutMs: 30_000,
            everyMs: 200,
            look: async () => ({ done: await registry.repositories() }),
        });
        return registry;
    }

    /** Names of what is in it. */
    async repositories(): Promise<string[]> {
        const answer = await fetch(`http://${this.host}/v2/_catalog?n=1000`);
        return ((await answer.json()) as { repositories: string[] }).repositories;
    }

    /** Puts an image of Docker's into it under another reference, as somebody who copies upstream's images does. */
    async put(image: string, reference: string): Promise<void> {
        await docker("tag", image, reference);
        this.tagged.push(reference);
        await docker("push", "--quiet", reference);
    }

    /**
     * Ends it, and removes all that Docker has of it, the tags of its images included. Its own image stays where
     * another registry runs on it.
     */
    async stop(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.container);
        const tags = (await new Docker().listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
        for (const tag of tags.filter((each) => each.startsWith(`${this.host}/`))) {
            await docker("rmi", tag);
        }
        await run("docker", ["rmi", TestRegistry.IMAGE], { quiet: true });
    }
}
