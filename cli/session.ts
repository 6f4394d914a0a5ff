import { resolve } from "node:path";
import { duration } from "../lib/duration";
import { takeBundle } from "../toolchain/bundle/take";
import { ensureLab, type Purpose, type Ready } from "../toolchain/ensure";
import { repoRoot } from "../toolchain/paths";
import { Progress, StoppedError } from "../toolchain/progress";
import { Toolchain } from "../toolchain/toolchain";
import { labNeeds } from "./stack-file";

/** Exit code of a command that a person has stopped: 128 plus the number of SIGINT, as in shells. */
export const INTERRUPTED = 130;

/** One run of a command that builds or downloads parts: its progress, its toolchain, and a Ctrl-C that stops them. */
export class Session {
    readonly progress = new Progress();
    readonly toolchain: Toolchain;
    private readonly stop = new AbortController();

    constructor() {
        this.toolchain = new Toolchain(this.progress, this.stop.signal);
    }

    /**
     * Makes the parts that the stack needs for `purpose`. A Ctrl-C stops it; finished parts stay in the cache.
     * @param more configuration that the stack is to have beside that of its file
     * @param bundle file of `npm run bundle`, from the top of the checkout, that has the parts
     */
    async ensure(
        purpose: Purpose,
        stack: string,
        more: Readonly<Record<string, string>> = {},
        bundle?: string,
    ): Promise<Ready> {
        return this.stoppable(async () => {
            const needs = { ...(await labNeeds(stack, more)), offline: bundle !== undefined };
            if (bundle !== undefined) {
                await takeBundle(this.toolchain, purpose, needs, resolve(repoRoot, bundle));
            }
            const ready = await ensureLab(this.toolchain, purpose, needs);
            this.progress.line(`all parts for \`${purpose}\` are there (${duration(this.progress.elapsed)})`);
            return ready;
        });
    }

    /** Runs a work that a Ctrl-C stops. */
    async stoppable<T>(work: () => Promise<T>): Promise<T> {
        const interrupt = (): void =>
            this.stop.abort(
                new StoppedError("stopped: finished parts stay in the cache, and the next run continues from there"),
            );
        const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
        for (const signal of signals) {
            process.on(signal, interrupt);
        }
        try {
            return await work();
        } finally {
            for (const signal of signals) {
                process.off(signal, interrupt);
            }
        }
    }
}
