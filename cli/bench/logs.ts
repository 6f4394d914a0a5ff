import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { HOLDERS } from "../../machine/holders";
import { stackPrefix } from "../../plan/identities";
import type { StageReport } from "./stages/report";

/** Longest wait for the list of the lab's parts, milliseconds. */
const LIST_LIMIT_MS = 30_000;

/** Stages that a host of a new lab goes through only when something went wrong. */
const UNEXPECTED_STAGES = ["register again", "deprovision"];

/** The parts of a run that need an explanation: stalls, and hosts that went through a stage of failure. */
export function unexplained({ hosts, clusters, machines }: StageReport): string[] {
    const stalls = [hosts, clusters, machines].flatMap(({ stages }) =>
        stages.flatMap((stage) => stage.stalls.map(({ name }) => `${name}: ${stage.name}`)),
    );
    const again = hosts.stages
        .filter(({ name, count, open }) => UNEXPECTED_STAGES.includes(name) && count + open > 0)
        .map(({ name, count, open }) => `hosts: ${name} (${count + open})`);
    return [...stalls, ...again];
}

/**
 * Writes the logs of all pods and of the nodes' own services into archives, one a node. It takes the nodes' files,
 * because they include the logs that were rotated away, which the API does not give.
 * @param file name of the archive. With several nodes each has the node's name before its end.
 */
export async function saveLogs(stack: string, file: string): Promise<void> {
    const signal = AbortSignal.timeout(LIST_LIMIT_MS);
    const parts = (await Promise.all(HOLDERS.map((each) => each.runningParts(stackPrefix(stack), signal)))).flat();
    const nodes = parts.flatMap(({ name, node }) => (node ? [{ name, node }] : []));
    for (const { name, node } of nodes) {
        const own = nodes.length === 1 ? file : file.replace(/(\.tar\.gz)?$/, `-${name}$1`);
        await pipeline(await node.logs(), createGzip(), createWriteStream(own));
    }
}
