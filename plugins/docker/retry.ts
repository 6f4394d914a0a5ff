/** Retrying while Docker is still busy with an operation before. */

const EVERY_MS = 500;

/**
 * Runs `operation` until it succeeds.
 *
 * @param transient whether an error may pass by itself. Any other error ends the wait.
 * @param seconds limit of the wait.
 * @param explain the message for the error that ended it.
 */
export async function retryWhile(
    operation: () => Promise<void>,
    transient: (error: unknown) => boolean,
    seconds: number,
    signal: AbortSignal,
    explain: (error: unknown) => string | Promise<string>,
): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
        try {
            await operation();
            return;
        } catch (error) {
            if (!transient(error)) {
                throw new Error(await explain(error), { cause: error });
            }
            if (Date.now() >= end || signal.aborted) {
                throw new Error(`${await explain(error)} (${signal.aborted ? "cancelled" : `waited ${seconds} s`})`, {
                    cause: error,
                });
            }
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
}
