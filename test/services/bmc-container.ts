import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { waitUntil } from "../../lib/wait-until";
import { PAIR_ENVIRONMENT } from "../../plan/manifests/pair-configuration";
import { docker } from "../docker";

/** The BMCs of a pair in the image of sushy-tools. The container has no network but its own. */
export class BmcContainer {
    private folder: string | undefined;
    private container: string | undefined;

    /** @param contents of its files, by their paths in it */
    async start(image: string, contents: Readonly<Record<string, string>>): Promise<void> {
        this.folder = await mkdtemp(path.join(tmpdir(), "bmc-test-"));
        const files: string[] = [];
        for (const [to, content] of Object.entries(contents)) {
            const from = path.join(this.folder, path.basename(to));
            await writeFile(from, content, { mode: 0o644 });
            files.push("--volume", `${from}:${to}:ro`);
        }
        const variables = Object.entries(PAIR_ENVIRONMENT).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
        this.container = (await docker("run", "--detach", "--network", "none", ...variables, ...files, image)).trim();
    }

    /** What a Python script prints as JSON that asks the BMCs from inside, once they answer. */
    async ask<T>(script: string): Promise<T> {
        const container = this.container as string;
        return waitUntil({
            what: "the BMCs to answer",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ({ done: JSON.parse(await docker("exec", container, "python3", "-c", script)) as T }),
        });
    }

    async remove(): Promise<void> {
        if (this.container !== undefined) {
            await docker("rm", "--force", "--volumes", this.container);
        }
        await rm(this.folder ?? "", { recursive: true, force: true });
    }
}
