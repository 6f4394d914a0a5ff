import { existsSync } from "node:fs";
import type { Cache } from "../cache/cache";
import { NO_MORE, type LabNeeds } from "../ensure/needs";
import { toolNames } from "../ensure/parts";
import { goBinaryRecipe } from "../go/build";
import { findGo } from "../go/go";
import { goTarget, goTargets } from "../go/targets";
import { builtReference, labImages, wantedVersions } from "../images/reference";
import { manifestsEntries, manifestsPath, manifestsRecipe } from "../manifests/entry";
import { currentLogin, pulumiSetup } from "../pulumi/home";
import { installedPlugin, pluginsHome } from "../pulumi/plugins";
import { findTool, tool } from "../tools";
import { versions } from "../versions";
import type { Finding } from "./finding";

/**
 * A program of the lab's: in the cache, or still to be built.
 * @param needless why `npm run up` builds it not, although the cache lacks it. Default: it does
 */
async function programFinding(cache: Cache, what: string, target: string, needless?: string): Promise<Finding> {
    const { version } = goTarget(target);
    const { state, damage } = await cache.stateOf(goBinaryRecipe(target));
    if (state === "present") {
        return { what, state: "ok", found: `${version}, in the cache` };
    }
    if (needless !== undefined) {
        return { what, state: "ok", found: `${version}, not in the cache, but ${needless}` };
    }
    const again = damage === undefined ? "" : ` again, because ${damage}`;
    return { what, state: "to do", found: `${version}, to be built${again}`, makes: "program" };
}

async function toolFinding(cache: Cache, name: string): Promise<Finding> {
    const { where, path, version, unfit } = await findTool(cache, name);
    if (where === "PATH") {
        return { what: name, state: "ok", found: `${version}, on PATH: ${path}` };
    }
    const isForTests = !toolNames("up", NO_MORE).includes(name) && toolNames("test", NO_MORE).includes(name);
    const needless = isForTests ? "only `npm test` needs it, and builds it" : undefined;
    const finding = await programFinding(cache, name, tool(name).target, needless);
    const at = where === "cache" && finding.state === "ok" ? `: ${path}` : "";
    const because = unfit === undefined ? "" : ` (${unfit})`;
    return { ...finding, found: `${finding.found}${at}${because}` };
}

/** Command-line tools that a person may have already. @param more names of optional ones that the lab needs */
export async function toolFindings(cache: Cache, more: readonly string[]): Promise<Finding[]> {
    const tools = Object.entries(versions().tools).filter(([name, { optional }]) => !optional || more.includes(name));
    return Promise.all(tools.map(([name]) => toolFinding(cache, name)));
}

/** Pulumi's plugins. An optional one that is not installed is no finding: most labs do without it. */
export async function pluginFindings(cache: Cache): Promise<Finding[]> {
    const { where } = await findTool(cache, "pulumi");
    const home = pluginsHome(pulumiSetup(cache, { where, env: process.env, login: currentLogin() }).home);
    return versions().plugins.flatMap(({ name, version, optional }): Finding[] => {
        const what = `plugin ${name}`;
        const path = installedPlugin(home, name, version);
        if (existsSync(path)) {
            return [{ what, state: "ok", found: `${version}: ${path}` }];
        }
        const found = `${version}, to be downloaded; where that fails, the lab's replacement plugin is installed`;
        return optional ? [] : [{ what, state: "to do", found }];
    });
}

/**
 * Go, and every program that is compiled with it, apart from the tools and from what one substrate alone needs. Of the
 * versions of a program, those that are missing stand beside the program's own.
 * @param missing those that `npm run up` would build
 */
export async function programFindings(cache: Cache, missing: ReadonlySet<string>): Promise<Finding[]> {
    const go = await findGo(cache);
    const fetched = `${versions().go.version}, to be fetched if something has to be built`;
    const tools = new Set(Object.keys(versions().tools).map((name) => tool(name).target));
    const listed = goTargets().filter(({ name, substrate }) => !tools.has(name) && substrate === undefined);
    const versioned = [...missing].filter((name) => !goTargets().some((target) => target.name === name));
    const targets = [...listed, ...versioned.map(goTarget)];
    return [
        go === undefined
            ? { what: "go", state: "to do", found: fetched }
            : { what: "go", state: "ok", found: `${go.version} (${go.where})` },
        ...(await Promise.all(
            targets.map(({ name }) =>
                programFinding(cache, name, name, missing.has(name) ? undefined : "nothing that is missing needs it"),
            ),
        )),
    ];
}

/** The rendered manifests of Cluster API and the bare-metal operator, in the versions that the lab has. */
export async function manifestsFinding(cache: Cache, { images }: Pick<LabNeeds, "images">): Promise<Finding> {
    const entries = manifestsEntries(wantedVersions(images));
    const states = await Promise.all(entries.map((entry) => cache.stateOf(manifestsRecipe(entry))));
    return states.every(({ state }) => state === "present")
        ? { what: "manifests", state: "ok", found: entries.map((entry) => manifestsPath(cache, entry)).join(", ") }
        : { what: "manifests", state: "to do", found: "to be rendered" };
}

/** The images of a lab with this configuration. @param have whether Docker has an image */
export async function imageFindings(
    { images, moreImages }: LabNeeds,
    have: (reference: string) => Promise<boolean>,
): Promise<Finding[]> {
    const more = moreImages.map((name) => ({ name, reference: builtReference(name), built: name }));
    const found = [...labImages(images), ...more].map(async ({ name, reference, built }): Promise<Finding> => {
        const what = `image ${name}`;
        if (await have(reference)) {
            return { what, state: "ok", found: reference };
        }
        const how = built === undefined ? "to be pulled" : "to be built";
        return { what, state: "to do", found: `${reference}, ${how}`, makes: "image" };
    });
    return Promise.all(found);
}
