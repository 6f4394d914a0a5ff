import { setTimeout as sleep } from "node:timers/promises";
import { npmRun } from "../plan/commands";
import { UserError } from "../plan/user-error";
import { throughIronic } from "./bench/way-to-ironic";
import { openLab, silent } from "./look/lab";
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
    const lab = await openLab(stack, kubeconfig);
    const { plan, want, cluster } = lab;
    const observer = new Observer(lab.kubeconfig, plan, want, (use) => throughIronic(cluster, plan, process.env, use));
    const commands = {
        refresh: npmRun("up", stack, "--refresh"),
        lookAt: (name: string) => npmRun("describe", stack, name),
    };
    const shown = { plan, want, commands };
    const drawn = watch && !json && canRedraw(process.stdout);
    const display = drawn ? redrawing(process.stdout) : appending(process.stdout);
    const stop = new AbortController();
    if (watch) {
        process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    }
    try {
        do {
            const found = await observer.look().catch((error: unknown) => silent(plan.prefix, error));
            const now = new Date();
            const time = watch && !json ? [`${now.toISOString().slice(0, 19)}Z`] : [];
            if (found instanceof UserError) {
                if (!watch) {
                    throw found;
                }
                // Who watches looks again: an API server may be restarting.
                (drawn ? display : appending(process.stderr)).show([...time, found.message]);
            } else {
                const seen = labStatus(found, shown, now);
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
