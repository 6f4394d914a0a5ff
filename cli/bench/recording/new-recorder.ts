import { relative } from "node:path";
import { machineFacts } from "../../../lib/machine-facts";
import { RECORDS } from "../../../machine/own-runs/machine";
import { chosenVersions } from "../../../plan/config/version-sets";
import { validate } from "../../../plan/validate";
import { versionSets } from "../../../toolchain/images/recipes";
import { repoPath } from "../../../toolchain/paths";
import type { Header } from "../../record/lines";
import { SAMPLE_SECONDS } from "../growth";
import { currentCommit, type BenchLab } from "../lab";
import type { BenchSize } from "../options";
import { METRICS_SECONDS, Recorder } from "./recorder";

/** The command of the benchmark that makes such a run again. */
export function benchCommand({ nodes, clusters }: BenchSize, settings: Record<string, string>): string {
    const set = Object.entries(settings).map(([key, value]) => ` --set '${key}=${value}'`);
    return `npm run bench -- --nodes ${nodes} --clusters ${clusters}${set.join("")}`;
}

/**
 * The record of a run that begins now, in a file of its own.
 * @param ironicSeconds pause between two questions to Ironic; undefined: it is asked nothing
 */
export async function newRecorder(
    lab: Pick<BenchLab, "stack" | "place">,
    size: BenchSize,
    run: Pick<Header, "side" | "existing" | "existingClusters" | "tuning" | "settings" | "calibrationMs" | "command">,
    ironicSeconds: number | undefined,
): Promise<{ file: string; recorder: Recorder }> {
    const began = new Date().toISOString();
    const name = `${began.slice(0, 19).replaceAll(":", "")}-${size.nodes}-${size.clusters}${run.side ?? ""}.jsonl`;
    const path = repoPath(RECORDS, name);
    const config = validate({
        tuning: run.tuning,
        ...run.settings,
        nodes: String(size.nodes),
        clusters: String(size.clusters),
    });
    const header = {
        began,
        stack: lab.stack,
        hosts: size.nodes,
        clusters: size.clusters,
        versions: chosenVersions(config, versionSets()),
        commit: await currentCommit(),
        machine: machineFacts(),
        everySeconds: {
            usage: SAMPLE_SECONDS,
            fleet: SAMPLE_SECONDS,
            metrics: METRICS_SECONDS,
            ...(ironicSeconds !== undefined && { ironic: ironicSeconds }),
        },
        ...run,
    };
    const { namespace, isHere } = lab.place;
    const recorder = new Recorder(path, header, { stack: lab.stack, namespace, isHere });
    return { file: relative(repoPath(), path), recorder };
}
