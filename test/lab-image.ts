import { spawnSync } from "node:child_process";
import { builtReference } from "../toolchain/images/reference";
import { skipBecause } from "./skip";

/** An image of this checkout, if this machine has built it: `undefined` without Docker, too. */
export function builtImage(name: string): string | undefined {
    const reference = builtReference(name);
    const { status } = spawnSync("docker", ["image", "inspect", "--format", "{{.Id}}", reference]);
    return status === 0 ? reference : undefined;
}

/** Why a test is skipped that needs an image of the lab's. */
export const noImage = (name: string): string => `the image ${name} is not built, which \`npm run setup\` does`;

/**
 * An image of the lab's for the tests of a group. They are skipped if it has not been built.
 * @param why the reason, then
 */
export function imageForTests(name: string, why = noImage(name)): () => string {
    let image: string | undefined;
    before(function () {
        image = builtImage(name);
        if (image === undefined) {
            skipBecause(this, why);
        }
    });
    return () => image as string;
}

/**
 * Runs Python in an image, without a network.
 * @param options of `docker run`.
 * @returns its last line, which is JSON.
 * @throws Error with what Python said.
 */
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
