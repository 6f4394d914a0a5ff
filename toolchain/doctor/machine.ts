import { existsSync } from "node:fs";
import { machineMemory } from "../../lib/proc";
import type { Cache } from "../cache/cache";
import { decideDocker, type DockerDecision } from "../docker/decision";
import { dockerFacts, type DockerInfo } from "../docker/facts";
import { GIB, freeSpace, gib } from "../machine";
import { spaceNeeds, spaceProblems } from "../space";
import type { Finding } from "./finding";

/** Memory that the default lab needs, bytes. */
const LAB_MEMORY = 7 * GIB;

const PLATFORM = "linux/x64";

function platform(): Finding {
    const found = `${process.platform}/${process.arch}`;
    return found === PLATFORM
        ? { what: "platform", state: "ok", found }
        : { what: "platform", state: "problem", found: `${found}: the lab runs on ${PLATFORM} only` };
}

function user(): Finding {
    const root = process.geteuid?.() === 0;
    const found = root ? "root" : "not root: the lab installs nothing on this machine, so Docker must be there";
    return { what: "user", state: "ok", found };
}

/** Memory that is taken now may be this very lab's, or be free again later: then a warning is enough. */
export function memory({ available, total }: { available: number; total: number }): Finding {
    return {
        what: "memory",
        state: available >= LAB_MEMORY ? "ok" : total >= LAB_MEMORY ? "warning" : "problem",
        found: `${gib(available)} of ${gib(total)} available; the default lab needs ${gib(LAB_MEMORY)}`,
    };
}

/** The machine, without Docker. */
export function machineFindings(cache: Cache): Finding[] {
    return [
        platform(),
        { what: "node", state: "ok", found: `${process.version} (${process.execPath})` },
        user(),
        memory(machineMemory()),
        { what: "cache", state: "ok", found: `${cache.root}, ${gib(freeSpace(cache.root).free)} free` },
    ];
}

function answering({ version, storage, cgroup, dataRoot }: DockerInfo, remote: string | undefined): Finding {
    const found = [
        `${version}, ${storage}, cgroup v${cgroup}`,
        ...(remote === undefined ? [] : [`at ${remote}`]),
        ...(existsSync(dataRoot) ? [`${gib(freeSpace(dataRoot).free)} free in ${dataRoot}`] : []),
    ];
    return { what: "docker", state: "ok", found: found.join(", ") };
}

function notAnswering(decision: DockerDecision): Finding {
    const plans = {
        wait: "it is starting",
        start: "installed, not running: the lab starts it",
        install: "the lab installs docker.io and starts it",
    };
    return decision.do === "give-up"
        ? { what: "docker", state: "problem", found: decision.message }
        : { what: "docker", state: "to do", found: plans[decision.do] };
}

/** Docker, and its folder of images if it answers. */
export async function dockerFinding(): Promise<{ finding: Finding; dataRoot?: string }> {
    const facts = await dockerFacts();
    if (facts.info !== undefined) {
        return { finding: answering(facts.info, facts.remote), dataRoot: facts.info.dataRoot };
    }
    return { finding: notAnswering(decideDocker(facts)) };
}

/** Room on the disks for everything that these findings leave to do. */
export function spaceFinding(cache: Cache, findings: readonly Finding[], dataRoot: string | undefined): Finding {
    const count = (kind: Finding["makes"]): number => findings.filter(({ makes }) => makes === kind).length;
    const needs = spaceNeeds(cache, count("program"), count("image"), dataRoot);
    const problems = spaceProblems(needs);
    if (problems.length > 0) {
        return { what: "disk", state: "problem", found: problems.join("; ") };
    }
    const sum = needs.reduce((total, { need }) => total + need, 0);
    return { what: "disk", state: "ok", found: `room for what is to be made (about ${sum.toFixed(1)} GiB)` };
}
