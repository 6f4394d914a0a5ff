import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import Docker from "dockerode";
import { nodeName } from "../../plan/identities";
import type { StageReport } from "./stages/report";

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
 * Writes the logs of all pods and of the node's own services into an archive. It takes the node's files, because they
 * include the logs that were rotated away, which the API does not give.
 */
export async function saveLogs(stack: string, file: string): Promise<void> {
    const archive = await new Docker().getContainer(nodeName(stack)).getArchive({ path: "/var/log" });
    await pipeline(archive, createGzip(), createWriteStream(file));
}
