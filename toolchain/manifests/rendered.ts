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
    type ProviderKey,
} from "../../plan/manifests/providers";
import { expandVariables } from "../../plan/manifests/variables";

const version = z.string().regex(/^v\d+\.\d+\.\d+/, "must be a version such as v1.13.4");
const indexOf = (keys: readonly ProviderKey[]) =>
    z.object({
        providers: z.object(Object.fromEntries(keys.map((key) => [key, version]))),
        bareMetalOperator: version.optional(),
    });

/** The files of one provider, as upstream publishes them. */
export interface ProviderFiles {
    /** With its leading v. */
    version: string;
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
 * @param keys the providers that it must have. Default: all of the lab's
 * @throws ManifestError when the folder is not one that the toolchain made, or lacks one of those providers
 */
export async function readManifestIndex(
    directory: string,
    keys: readonly ProviderKey[] = PROVIDERS.map(({ key }) => key),
): Promise<ManifestIndex> {
    const path = join(directory, MANIFEST_INDEX);
    const content = await readRendered(path);
    const result = indexOf(keys).safeParse(JSON.parse(content));
    if (!result.success) {
        throw new ManifestError(`${path} is not an index of rendered manifests: ${z.prettifyError(result.error)}`);
    }
    return result.data;
}

/** A provider's files in a rendered folder. @throws ManifestError when it has none of them */
export async function readProvider(directory: string, provider: Provider): Promise<ProviderFiles> {
    const { providers } = await readManifestIndex(directory, [provider.key]);
    const version = providers[provider.key] as string;
    const folder = join(directory, provider.label, version);
    const [components, metadata] = await Promise.all([
        readRendered(join(folder, provider.componentsFile)),
        readRendered(join(folder, "metadata.yaml")),
    ]);
    return { version, components, metadata };
}

/** The bare-metal operator's objects in a rendered folder, as upstream has them. */
export async function readBareMetalOperator(directory: string): Promise<Manifest[]> {
    const path = join(directory, BARE_METAL_OPERATOR.componentsFile);
    return parseManifests(expandVariables(await readRendered(path)), path);
}
