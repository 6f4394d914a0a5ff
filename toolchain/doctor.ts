import { existsSync } from "node:fs";
import type { Cache } from "./cache/cache";
import { dockerFacts } from "./docker/docker";
import { decideDocker } from "./docker/facts";
import { spaceNeeds } from "./ensure";
import { goBinaryRecipe } from "./go/build";
import { findGo } from "./go/go";
import { goTarget, goTargets } from "./go/targets";
import { haveImage } from "./images/build";
import { builtReference, labImages, type WantedImages } from "./images/reference";
import { availableMemory, freeSpace, gib, spaceProblems } from "./machine";
import { manifestsPath, manifestsRecipe } from "./manifests/entry";
import { currentLogin, pulumiSetup } from "./pulumi/home";
import { installedPlugin, pluginsHome } from "./pulumi/plugins";
import { TARGET_OF, findTool, tool } from "./tools";
import { versions } from "./versions";

/** Memory the default lab needs, bytes. */
const LAB_MEMORY = 7 * 1024 ** 3;

/** One row of the doctor's table. */
export interface Finding {
    what: string;
    /** `to do`: the lab makes it itself. `warning`: it may do. `problem`: a person has to see to it. */
    state: "ok" | "to do" | "warning" | "problem";
    found: string;
}

async function machine(cache: Cache): Promise<Finding[]> {
    const root = process.geteuid?.() === 0;
    const memory = availableMemory();
    const { free } = freeSpace(cache.root);
    const platform = `${process.platform}/${process.arch}`;
    return [
        {
            what: "platform",
            state: platform === "linux/x64" ? "ok" : "problem",
            found: platform === "linux/x64" ? platform : `${platform}: the lab runs on linux/x64`,
        },
        { what: "node", state: "ok", found: `${process.version} (${process.execPath})` },
        {
            what: "user",
            state: "ok",
            found: root ? "root" : "not root: nothing is installed on this machine, Docker must be there",
        },
        // What is taken now may be this very lab's, or be given back.
        {
            what: "memory",
            state: memory.available >= LAB_MEMORY ? "ok" : memory.total >= LAB_MEMORY ? "warning" : "problem",
            found: `${gib(memory.available)} of ${gib(memory.total)} available; the default lab needs ${gib(LAB_MEMORY)}`,
        },
        { what: "cache", state: "ok", found: `${cache.root}, ${gib(free)} free` },
    ];
}

/** Docker, and where it keeps its data if it answers. */
async function docker(): Promise<{ finding: Finding[]; dataRoot?: string }> {
    const facts = await dockerFacts();
    if (facts.info !== undefined) {
        const { version, storage, cgroup, dataRoot } = facts.info;
        const found = [
            `${version}, ${storage}, cgroup v${cgroup}`,
            facts.remote ? `at ${facts.remote}` : "",
            existsSync(dataRoot) ? `${gib(freeSpace(dataRoot).free)} free in ${dataRoot}` : "",
        ];
        return { dataRoot, finding: [{ what: "docker", state: "ok", found: found.filter(Boolean).join(", ") }] };
    }
    const decision = decideDocker(facts);
    const texts = {
        use: "",
        wait: "is starting",
        start: "installed, not running: will be started",
        "install-and-start": "will be installed (docker.io) and started",
    };
    return {
        finding: [
            decision.do === "give-up"
                ? { what: "docker", state: "problem", found: decision.message }
                : { what: "docker", state: "to do", found: texts[decision.do] },
        ],
    };
}

async function tools(cache: Cache): Promise<Finding[]> {
    return Promise.all(
        Object.keys(versions().tools).map(async (name): Promise<Finding> => {
            const { where, path, version, unfit } = await findTool(cache, name);
            const because = unfit === undefined ? "" : ` (${unfit})`;
            if (where === "PATH") {
                return { what: name, state: "ok", found: `${version}, on PATH: ${path}` };
            }
            const { target } = tool(name);
            const pinned = goTarget(target).version;
            const { state, damage } = await cache.stateOf(goBinaryRecipe(target));
            if (state === "present") {
                return { what: name, state: "ok", found: `${pinned}, in the cache: ${path}${because}` };
            }
            return {
                what: name,
                state: "to do",
                found: `${pinned}, to be built${damage ? ` again: ${damage}` : ""}${because}`,
            };
        }),
    );
}

async function plugins(cache: Cache): Promise<Finding[]> {
    const pulumi = await findTool(cache, "pulumi");
    const setup = pulumiSetup(cache, { where: pulumi.where, env: process.env, login: currentLogin() });
    const home = pluginsHome(setup.home);
    return versions().plugins.map(({ name, version }) => {
        const path = installedPlugin(home, name, version);
        return existsSync(path)
            ? { what: `plugin ${name}`, state: "ok", found: `${version}: ${path}` }
            : {
                  what: `plugin ${name}`,
                  state: "to do",
                  found: `${version}, to be downloaded, or replaced by ours where that cannot be`,
              };
    });
}

async function builds(cache: Cache): Promise<Finding[]> {
    const asTools = new Set(Object.keys(versions().tools).map((name) => tool(name).target));
    const rows: Finding[] = [];
    const go = await findGo(cache);
    rows.push({
        what: "go",
        state: go ? "ok" : "to do",
        found: go
            ? `${go.version} (${go.where})`
            : `${versions().go.version}, to be fetched if something has to be built`,
    });
    for (const target of goTargets().filter(({ name }) => !asTools.has(name))) {
        const recipe = goBinaryRecipe(target.name);
        const { state, damage } = await cache.stateOf(recipe);
        const found =
            state === "present"
                ? `${target.version}, in the cache`
                : `${target.version}, to be built${damage ? ` again: ${damage}` : ""}`;
        rows.push({ what: target.name, state: state === "present" ? "ok" : "to do", found });
    }
    const manifests = (await cache.stateOf(manifestsRecipe())).state === "present";
    rows.push({
        what: "manifests",
        state: manifests ? "ok" : "to do",
        found: manifests ? manifestsPath(cache) : "to be rendered",
    });
    return rows;
}

async function images(wanted: WantedImages, usable: boolean): Promise<Finding[]> {
    return Promise.all(
        [...labImages(wanted)].map(async ([name, reference]): Promise<Finding> => {
            const there = usable && (await haveImage(reference));
            const how = reference === builtReference(name) ? "to be built" : "to be pulled";
            return {
                what: `image ${name}`,
                state: there ? "ok" : "to do",
                found: there ? reference : `${reference}, ${how}`,
            };
        }),
    );
}

/** Room on the disks for what is to be made. */
function space(cache: Cache, found: readonly Finding[], dataRoot: string | undefined): Finding {
    const todo = found.filter(({ state }) => state === "to do").map(({ what }) => what);
    const programs = todo.filter((what) =>
        goTargets().some(({ name }) => name === what || name === TARGET_OF[what]),
    ).length;
    const images = todo.filter((what) => what.startsWith("image ")).length;
    const needs = spaceNeeds(cache, programs, images, dataRoot);
    const problems = spaceProblems(needs);
    const sum = needs.reduce((total, { need }) => total + need, 0);
    return {
        what: "disk",
        state: problems.length > 0 ? "problem" : "ok",
        found: problems.join("; ") || `room for what is to be made (about ${sum.toFixed(1)} GiB)`,
    };
}

/** Looks at everything the lab needs. Changes nothing, downloads nothing. */
export async function examine(cache: Cache, wanted: WantedImages): Promise<Finding[]> {
    const asked = await docker();
    const made = [
        ...(await tools(cache)),
        ...(await plugins(cache)),
        ...(await builds(cache)),
        ...(await images(wanted, asked.dataRoot !== undefined)),
    ];
    return [...(await machine(cache)), ...asked.finding, space(cache, made, asked.dataRoot), ...made];
}
