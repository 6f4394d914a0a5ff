import { duration } from "../lib/duration";
import { ensureLab, type Purpose, type Ready } from "../toolchain/ensure";
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
     */
    async ensure(purpose: Purpose, stack: string, more: Readonly<Record<string, string>> = {}): Promise<Ready> {
        const interrupt = (): void =>
            this.stop.abort(
                new StoppedError("stopped: finished parts stay in the cache, and the next run continues from there"),
            );
        const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
        for (const signal of signals) {
            process.on(signal, interrupt);
        }
        try {
            const ready = await ensureLab(this.toolchain, purpose, await labNeeds(stack, more));
            this.progress.line(`all parts for \`${purpose}\` are there (${duration(this.progress.elapsed)})`);
            return ready;
        } finally {
            for (const signal of signals) {
                process.off(signal, interrupt);
            }
        }
    }
}
