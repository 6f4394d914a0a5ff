import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
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
    providers: z.object({
        core: version,
        bootstrap: version,
        controlPlane: version,
        infrastructure: version,
        ipam: version,
    }),
    bareMetalOperator: version,
});

/** What one provider consists of, as upstream has it. */
export interface ProviderFiles {
    components: string;
    metadata: string;
}

/**
 * Versions of the manifests in a rendered folder.
 *
 * @throws ManifestError when the folder is not one that the toolchain made.
 */
export async function readManifestIndex(directory: string): Promise<ManifestIndex> {
    const path = join(directory, MANIFEST_INDEX);
    const content = await readFile(path, "utf8").catch((error: unknown) => {
        throw new ManifestError(`no rendered manifests in ${directory} (npm run setup makes them): ${String(error)}`);
    });
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
        readFile(join(folder, provider.componentsFile), "utf8"),
        readFile(join(folder, "metadata.yaml"), "utf8"),
    ]);
    return { components, metadata };
}

/**
 * A provider's files in the release of a version.
 *
 * @param base where releases are, default GitHub; for a mirror.
 * @throws ManifestError naming the address that did not answer with the file.
 */
export async function fetchProvider(
    provider: Provider,
    version: string,
    base = "https://github.com",
): Promise<ProviderFiles> {
    const fetchFile = async (file: string): Promise<string> => {
        const url = `${base}/${provider.releases}/releases/download/${version}/${file}`;
        const response = await fetch(url, { signal: AbortSignal.timeout(60_000) }).catch((error: unknown) => {
            throw new ManifestError(`${url} cannot be read: ${String((error as Error).cause ?? error)}`);
        });
        if (!response.ok) {
            throw new ManifestError(`${url} answered ${response.status} ${response.statusText}`);
        }
        return response.text();
    };
    const [components, metadata] = await Promise.all([fetchFile(provider.componentsFile), fetchFile("metadata.yaml")]);
    return { components, metadata };
}

/** The provider of a key. */
export function providerOf(key: Provider["key"]): Provider {
    const provider = PROVIDERS.find((each) => each.key === key);
    if (provider === undefined) {
        throw new ManifestError(`no provider ${key}`);
    }
    return provider;
}

/** The bare-metal operator's objects in a rendered folder, as upstream has them. */
export async function readBareMetalOperator(directory: string): Promise<Manifest[]> {
    const path = join(directory, BARE_METAL_OPERATOR.componentsFile);
    const text = await readFile(path, "utf8").catch((error: unknown) => {
        throw new ManifestError(`no rendered manifests in ${directory} (npm run setup makes them): ${String(error)}`);
    });
    return parseManifests(expandVariables(text), path);
}
