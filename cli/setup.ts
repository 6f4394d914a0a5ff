import type { Purpose } from "../toolchain/ensure";
import { Session } from "./session";

export interface SetupOptions {
    stack: string;
    for: Purpose;
    /** Whether the images of the key `observability` are made as well. Default: where the stack has the key. */
    observability?: boolean;
    /** File of `npm run bundle` that has the parts. */
    bundle?: string;
}

/** `npm run setup`: builds or downloads missing parts, and does nothing else. @returns the exit code */
export async function setup(options: SetupOptions): Promise<number> {
    const more = options.observability === true ? { observability: "true" } : {};
    await new Session().ensure(options.for, options.stack, more, options.bundle);
    return 0;
}
