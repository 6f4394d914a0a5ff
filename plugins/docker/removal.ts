/** Removing a network or a volume, which Docker refuses for as long as a container uses it. */
import { Context } from "../shared/definition";
import { isNotFound, reason } from "./client";
import { retryWhile } from "./retry";

/** How many seconds a network or volume may stay in use while its containers go. Upstream's limit. */
const REMOVE_SECONDS = 30;

/**
 * Removes the object; one that is gone already is fine.
 *
 * @param inUse Docker's message while a container still uses it.
 * @param explain the message for the error that ended the attempts.
 */
export async function removeWhenUnused(
    object: { remove(): Promise<unknown> },
    inUse: RegExp,
    context: Context,
    explain: (error: unknown) => string | Promise<string>,
): Promise<void> {
    await retryWhile(
        async () => {
            try {
                await object.remove();
            } catch (error) {
                if (!isNotFound(error)) {
                    throw error;
                }
            }
        },
        (error) => inUse.test(reason(error)),
        REMOVE_SECONDS,
        context.signal,
        explain,
    );
}
