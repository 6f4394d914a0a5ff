import { expect } from "chai";
import { haveImage } from "../../../toolchain/images/build";
import { imageNames, imageRecipe } from "../../../toolchain/images/recipes";
import { builtReference } from "../../../toolchain/images/reference";
import { buildUpstreamIronic } from "../../charts/upstream-ironic/build";
import { configure, pulumi, run } from "../harness";
import { Live } from "../live";
import { TestRegistry } from "../registry/registry";
import { SUBSTRATE } from "../substrate";
import { allAvailable, lab, npmRunUp, nothingToDo } from "./lab";

/** Folder of the registry in which upstream's images are. */
const FOLDER = "upstream";

const UPSTREAM_IRONIC = `metal3-scale-lab-e2e/upstream-ironic:v${imageRecipe("ironic").version}`;

/** Images of the lab's pods. What else is in kube-system belongs to the substrate. */
async function imagesOfPods(): Promise<string[]> {
    const pods = (await lab.live.pods()).filter(({ metadata }) => metadata?.namespace !== "kube-system");
    return [...new Set(pods.flatMap(({ spec }) => (spec?.containers ?? []).map(({ image }) => image ?? "")))];
}

/**
 * Gives the lab upstream's images from a registry of its own, which has them under the names that the lab gives them.
 * Upstream's Ironic is an image in its shape; the others are the lab's own, under upstream's tags.
 */
export function registry(): void {
    let server: TestRegistry | undefined;
    let prefix: string;
    /** Upstream's references that Docker has only because of this step, where they stand for other images. */
    const borrowed: string[] = [UPSTREAM_IRONIC];

    it("has a registry, in which somebody has put upstream's images", async () => {
        const upstream = imageNames().flatMap((name) => imageRecipe(name).pull ?? []);
        const has = await Promise.all(upstream.map(haveImage));
        borrowed.push(...upstream.filter((_, index) => !has[index]));
        server = SUBSTRATE.registry?.() ?? (await TestRegistry.start());
        prefix = `${server.host}/${FOLDER}`;
        await buildUpstreamIronic(builtReference("ironic"), UPSTREAM_IRONIC);
        for (const name of imageNames()) {
            const { pull, runs } = imageRecipe(name);
            if (pull !== undefined && runs === "pod") {
                const image = name === "ironic" ? UPSTREAM_IRONIC : builtReference(name);
                await server.put(image, `${prefix}/${name}:${pull.split(":").at(-1) as string}`);
            }
        }
        expect(await server.repositories())
            .to.include(`${FOLDER}/ironic`)
            .and.not.include(`${FOLDER}/fkas`);
    });
    after(async () => {
        // One that was there before goes with what stands on it.
        if (SUBSTRATE.registry === undefined) {
            await server?.stop();
        }
        for (const image of borrowed) {
            await run("docker", ["rmi", image], { quiet: true });
        }
    });

    it("pulls from it what upstream publishes, and pushes into it what is built here", async () => {
        lab.identities = await lab.live.identities();
        const images = JSON.stringify({ source: "pull", overrides: {} });
        await configure({ images, imageRegistry: prefix, imagePullSecrets: '["registry"]' });
        await npmRunUp();
        lab.live = new Live();
        await allAvailable(lab.live, 2, 300);
        expect(await server?.repositories()).to.include.members(
            ["fkas", "sushy-tools"].map((name) => `${FOLDER}/${name}`),
        );
        const foreign = (await imagesOfPods()).filter((image) => !image.startsWith(`${prefix}/`));
        expect(foreign).to.deep.equal([]);
        await nothingToDo();
    });

    it("has conductors with the Python and the users of upstream's Ironic", async () => {
        const found = await lab.live.onConductors(["sh", "-c", "command -v python3 || id -nu 997"]);
        expect(Object.values(found).map((text) => text.trim())).to.deep.equal(Array(2).fill("ironic"));
    });

    it("goes back to the images that it had: hosts, clusters and machines are the same", async () => {
        for (const key of ["images", "imageRegistry", "imagePullSecrets"]) {
            expect((await pulumi(["config", "rm", key], { quiet: true })).code).to.equal(0);
        }
        await configure(SUBSTRATE.settings);
        await npmRunUp();
        lab.live = new Live();
        await allAvailable(lab.live, 2, 300);
        const objects = (all: Record<string, string>): Record<string, string> =>
            Object.fromEntries(Object.entries(all).filter(([name]) => !/^(pod|container) /.test(name)));
        expect(objects(await lab.live.identities())).to.deep.equal(objects(lab.identities));
        await nothingToDo();
        lab.identities = await lab.live.identities();
    });
}
