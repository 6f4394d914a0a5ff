/**
 * Skips a test, or from a hook all tests of its group. The reason becomes part of their titles, by which the report of
 * `npm test` tells it.
 */
export function skipBecause(context: Mocha.Context, reason: string): never {
    const runnable = context.runnable() as Mocha.Test | Mocha.Hook;
    const titled = runnable.type === "hook" ? runnable.parent : runnable;
    if (titled !== undefined) {
        titled.title += ` (skipped: ${reason})`;
    }
    return context.skip();
}

/**
 * Skips like {@link skipBecause} where the machine lacks something that a lab can stand on, so that a part of the lab
 * was not tried at all. The last line of `.ci/run` tells it.
 * @param what a noun: "libvirt"
 */
export function notThere(context: Mocha.Context, what: string, reason: string): never {
    return skipBecause(context, `not there: ${what}: ${reason}`);
}
