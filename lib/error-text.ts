/** The message of whatever was thrown, for a sentence that goes on with it: JavaScript throws values of any type. */
export function errorText(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
