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
