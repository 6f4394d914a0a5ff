import { expect } from "chai";

/** Fails with all complaints: Chai would cut a long list. */
export function expectNone(complaints: readonly string[]): void {
    if (complaints.length > 0) {
        expect.fail(`${complaints.length} complaints:\n${complaints.join("\n")}`);
    }
}
