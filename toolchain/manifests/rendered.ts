import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { errorText } from "../../lib/error-text";
import { ManifestError, parseManifests, type Manifest } from "../../plan/manifests/documents";
import {
    BARE_METAL_OPERATOR,
    MANIFEST_INDEX,
    PROVIDERS,
    type ManifestIndex,
    type Provider,
} from "../../plan/manifests/providers";
import { expandVariables } from "../../plan/manifests/variables";

const version = z.string().regex(/^v\d+\.\d+\.\d+/, "must be a version such as v1.13.4");
const indexSchema = z.object({
    providers: z.record(z.enum(PROVIDERS.map(({ key }) => key)), version),
    bareMetalOperator: version,
});

/** The files of one provider, as upstream publishes them. */
export interface ProviderFiles {
    components: string;
    metadata: string;
}

/** Reads a file of a rendered folder. @throws ManifestError when there is none */
async function readRendered(path: string): Promise<string> {
    return readFile(path, "utf8").catch((error: unknown) => {
        throw new ManifestError(`no rendered manifests (npm run setup makes them): ${errorText(error)}`);
    });
}

/**
 * Versions of the manifests in a rendered folder.
 *
 * @throws ManifestError when the folder is not one that the toolchain made.
 */
export async function readManifestIndex(directory: string): Promise<ManifestIndex> {
    const path = join(directory, MANIFEST_INDEX);
    const content = await readRendered(path);
    const result = indexSchema.safeParse(JSON.parse(content));
    if (!result.success) {
        throw new ManifestError(`${path} is not an index of rendered manifests: ${z.prettifyError(result.error)}`);
    }
    return result.data;
}

/** A provider's files in a rendered folder. */
export async function readProvider(
    directory: string,
    provider: Provider,
    index: ManifestIndex,
): Promise<ProviderFiles> {
    const folder = join(directory, provider.label, index.providers[provider.key]);
    const [components, metadata] = await Promise.all([
        readRendered(join(folder, provider.componentsFile)),
        readRendered(join(folder, "metadata.yaml")),
    ]);
    return { components, metadata };
}

/** The bare-metal operator's objects in a rendered folder, as upstream has them. */
export async function readBareMetalOperator(directory: string): Promise<Manifest[]> {
    const path = join(directory, BARE_METAL_OPERATOR.componentsFile);
    return parseManifests(expandVariables(await readRendered(path)), path);
}
