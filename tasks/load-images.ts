/**
 * Copies images from Docker's store into the containerd of an embedded node. Run by the program (LoadedImages), with
 * NODE_CONTAINER (name of the node's container) and IMAGES (references, separated by blanks) in its environment.
 */
const TIMEOUT_MS = 10 * 60 * 1000;

async function main(): Promise<void> {
    const { execa } = await import("execa");
    const node = required("NODE_CONTAINER");
    const images = required("IMAGES").split(" ").filter(Boolean);
    const present = new Set(
        (await execa("docker", ["exec", node, "ctr", "--namespace", "k8s.io", "images", "ls", "--quiet"])).stdout.split(
            "\n",
        ),
    );
    const missing = images.filter((image) => !present.has(qualified(image)));
    console.log(`${images.length - missing.length} of ${images.length} images are in ${node} already`);
    if (missing.length === 0) {
        return;
    }
    for (const image of missing) {
        await ensureInDocker(image);
    }
    const started = Date.now();
    await execa("docker", ["save", ...missing], { timeout: TIMEOUT_MS, buffer: false, encoding: "buffer" }).pipe(
        "docker",
        ["exec", "--interactive", node, "ctr", "--namespace", "k8s.io", "images", "import", "-"],
        { timeout: TIMEOUT_MS },
    );
    console.log(`${missing.length} images copied into ${node} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** containerd's name of an image that names no registry. */
function qualified(image: string): string {
    const [first = "", ...rest] = image.split("/");
    if (rest.length === 0) {
        return `docker.io/library/${image}`;
    }
    return /[.:]|^localhost$/.test(first) ? image : `docker.io/${image}`;
}

/** Images of our own are built before; others are pulled where they are missing. */
async function ensureInDocker(image: string): Promise<void> {
    const { execa } = await import("execa");
    const { exitCode } = await execa("docker", ["image", "inspect", image], { reject: false });
    if (exitCode === 0) {
        return;
    }
    if (image.startsWith("metal3-scale-lab/")) {
        throw new Error(`the image ${image} is not in Docker's store: 'npm run setup' builds it`);
    }
    await execa("docker", ["pull", "--quiet", image], { timeout: TIMEOUT_MS });
}

function required(variable: string): string {
    const value = process.env[variable];
    if (!value) {
        throw new Error(`${variable} is not set: this is run by the Pulumi program, not by hand`);
    }
    return value;
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
});
