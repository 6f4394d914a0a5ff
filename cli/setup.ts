import type { Purpose } from "../toolchain/ensure";
import { Session } from "./session";

export interface SetupOptions {
    stack: string;
    for: Purpose;
    /** File of `npm run bundle` that has the parts. */
    bundle?: string;
}

/** `npm run setup`: builds or downloads missing parts, and does nothing else. @returns the exit code */
export async function setup(options: SetupOptions): Promise<number> {
    await new Session().ensure(options.for, options.stack, {}, options.bundle);
    return 0;
}
