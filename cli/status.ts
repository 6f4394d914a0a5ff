import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { requestErrorText } from "../lib/kubernetes";
import { npmRun } from "../plan/commands";
import { plan } from "../plan/plan";
import { UserError } from "../plan/user-error";
import { validate } from "../plan/validate";
import { wanted } from "../tasks/wait-for-fleet/fleet";
import { ManagementCluster } from "./bench/management";
import { throughIronic } from "./bench/way-to-ironic";
import { ensureManagementKubeconfig } from "./kubeconfig";
import { rawConfig } from "./stack-file";
import { appending, canRedraw, redrawing } from "./status/display";
import { Observer } from "./status/observe";
import { labStatus } from "./status/summary";
import { statusLines } from "./status/text";

export interface StatusOptions {
    stack: string;
    /** Whether the lab is looked at again and again, until Ctrl-C. */
    watch: boolean;
    /** Whether JSON is printed. */
    json: boolean;
    /** Whether the exit code tells that something is not where it should be. */
    exitCode: boolean;
    /** File of the management cluster's kubeconfig. Default: the one that the lab's program has written. */
    kubeconfig?: string;
}

/** Pause between two looks, milliseconds: a look at a thousand hosts and clusters costs the API server two seconds. */
const PAUSE_MS = 10_000;

/**
 * `npm run status`: says where the lab stands, and what holds it up. All that it must reach is the management cluster,
 * so it works while `up` runs, after it has failed, and on every substrate; it says what else it could not ask.
 * @returns the exit code: 0, or 2 where it was asked for and something is not where it should be
 */
export async function status({ stack, watch, json, exitCode, kubeconfig }: StatusOptions): Promise<number> {
    const config = validate(await rawConfig(stack));
    const planned = plan(config, stack);
    const file = kubeconfig ?? (await ensureManagementKubeconfig(stack));
    const want = wanted(planned, config, "clusters");
    const observer = new Observer(await readFile(file, "utf8"), planned, want, (use) =>
        throughIronic(ManagementCluster.at(file, planned.namespace), planned, process.env, use),
    );
    const lab = { plan: planned, want, refresh: npmRun("up", stack, "--refresh") };
    const drawn = watch && !json && canRedraw(process.stdout);
    const display = drawn ? redrawing(process.stdout) : appending(process.stdout);
    const stop = new AbortController();
    if (watch) {
        process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    }
    try {
        do {
            const found = await observer.look().catch((error: unknown) => silent(planned.prefix, error));
            const now = new Date();
            const time = watch && !json ? [`${now.toISOString().slice(0, 19)}Z`] : [];
            if (found instanceof UserError) {
                if (!watch) {
                    throw found;
                }
                // Who watches looks again: an API server may be restarting.
                (drawn ? display : appending(process.stderr)).show([...time, found.message]);
            } else {
                const seen = labStatus(found, lab, now);
                display.show(json ? [JSON.stringify(seen)] : [...time, ...statusLines(seen)]);
                if (!watch) {
                    return exitCode && !seen.isSettled ? 2 : 0;
                }
            }
            await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        } while (!stop.signal.aborted);
        return 0;
    } finally {
        display.end();
    }
}

/** A cluster that does not answer. */
const silent = (prefix: string, error: unknown): UserError =>
    new UserError(
        `the management cluster of ${prefix} does not answer: ${requestErrorText(error)}. ` +
            "docs/troubleshooting.md says where to look",
    );
