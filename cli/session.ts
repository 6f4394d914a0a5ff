import { duration } from "../lib/duration";
import { ensureLab, type Purpose, type Ready } from "../toolchain/ensure";
import { Progress, StoppedError } from "../toolchain/progress";
import { Toolchain } from "../toolchain/toolchain";
import { wantedImages } from "./stack-file";

/** Exit code of a command that a person stopped, as shells have it. */
export const INTERRUPTED = 130;

/** One run of the command line that makes things: its progress, its toolchain, and a Ctrl-C that stops what it makes. */
export class Session {
    readonly progress = new Progress();
    readonly toolchain: Toolchain;
    private readonly stop = new AbortController();

    constructor() {
        this.toolchain = new Toolchain(this.progress, this.stop.signal);
    }

    /** Makes what `purpose` needs for the stack. While it works, a Ctrl-C stops it; what was made stays in the cache. */
    async ensure(purpose: Purpose, stack: string): Promise<Ready> {
        const interrupt = (): void =>
            this.stop.abort(
                new StoppedError("stopped; what was finished stays in the cache, and the next run goes on from there"),
            );
        const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
        for (const signal of signals) {
            process.on(signal, interrupt);
        }
        try {
            const ready = await ensureLab(this.toolchain, purpose, await wantedImages(stack));
            this.progress.line(`everything for \`${purpose}\` is there (${duration(this.progress.elapsed)})`);
            return ready;
        } finally {
            for (const signal of signals) {
                process.off(signal, interrupt);
            }
        }
    }
}

/** The default stack, as Pulumi.dev.yaml configures it. */
export const DEFAULT_STACK = "dev";
