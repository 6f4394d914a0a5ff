import { spawnSync } from "node:child_process";
import { skipBecause } from "./skip";

/** An image of the lab's, if this machine has built it: `undefined` without Docker, too. */
export function builtImage(name: string): string | undefined {
    const { status, stdout } = spawnSync(
        "docker",
        ["images", "--format", "{{.Repository}}:{{.Tag}}", `metal3-scale-lab/${name}`],
        { encoding: "utf8" },
    );
    return status === 0 ? stdout.split("\n").find((name) => name !== "" && !name.endsWith(":<none>")) : undefined;
}

/** The same for tests that need it: they are skipped where the lab's images have not been built; `npm run test:e2e` builds them. */
export function imageForTests(name: string): () => string {
    let image: string | undefined;
    before(function () {
        image = builtImage(name);
        if (image === undefined) {
            skipBecause(this, `no image ${name} is built, which \`npm run setup\` does`);
        }
    });
    return () => image as string;
}

/** Runs Python in an image, without a network. @param options of `docker run`. @returns its last line, which is JSON. @throws Error with what Python said. */
export function python(image: string, script: string, options: readonly string[]): unknown {
    const { status, stdout, stderr } = spawnSync(
        "docker",
        ["run", "--rm", "-i", "--network", "none", ...options, image, "python3", "-"],
        { encoding: "utf8", input: script },
    );
    if (status !== 0) {
        throw new Error(stderr);
    }
    return JSON.parse(stdout.trim().split("\n").at(-1) as string);
}
