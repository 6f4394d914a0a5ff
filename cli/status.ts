import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { requestErrorText } from "../lib/kubernetes";
import { BARE_METAL_OPERATOR, PROVIDERS } from "../plan/manifests/providers";
import { plan } from "../plan/plan";
import { UserError } from "../plan/user-error";
import { validate } from "../plan/validate";
import { wanted } from "../tasks/wait-for-fleet/fleet";
import { FleetReader } from "../tasks/wait-for-fleet/reader";
import { ensureManagementKubeconfig } from "./kubeconfig";
import { rawConfig } from "./stack-file";
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
}

/** Pause between two looks, milliseconds: a look at a thousand hosts and clusters costs the API server two seconds. */
const PAUSE_MS = 10_000;

/**
 * `npm run status`: says where the lab stands, and what holds it up. It asks the management cluster alone, so it works
 * while `up` runs, after it has failed, and on every substrate.
 * @returns the exit code: 0, or 2 where it was asked for and something is not where it should be
 */
export async function status({ stack, watch, json, exitCode }: StatusOptions): Promise<number> {
    const config = validate(await rawConfig(stack));
    const planned = plan(config, stack);
    const { namespace } = planned;
    const namespaces = [namespace, BARE_METAL_OPERATOR.namespace, ...PROVIDERS.map((each) => each.namespace)];
    const kubeconfig = await readFile(await ensureManagementKubeconfig(stack), "utf8");
    const reader = new FleetReader(kubeconfig, namespace, { namespaces });
    const want = wanted(planned, config, "clusters");
    for (;;) {
        const found = await reader.readWhole().catch((error: unknown) => silent(planned.prefix, error));
        const now = new Date();
        const time = watch && !json ? `${now.toISOString().slice(0, 19)}Z ` : "";
        if (found instanceof UserError) {
            if (!watch) {
                throw found;
            }
            // Who watches looks again: an API server may be restarting.
            process.stderr.write(`${time}${found.message}\n`);
        } else {
            const seen = labStatus(found, want, now);
            const lines = json ? [JSON.stringify(seen)] : statusLines(seen, { namespace, stack });
            process.stdout.write(`${time}${lines.join("\n")}\n`);
            if (!watch) {
                return exitCode && !seen.isSettled ? 2 : 0;
            }
        }
        await sleep(PAUSE_MS);
    }
}

/** A cluster that does not answer. */
const silent = (prefix: string, error: unknown): UserError =>
    new UserError(
        `the management cluster of ${prefix} does not answer: ${requestErrorText(error)}. ` +
            "docs/troubleshooting.md says where to look",
    );
