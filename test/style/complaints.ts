import { expect } from "chai";

/** Fails with all complaints: Chai would cut a long list. */
export const expectNone = (complaints: readonly string[]): unknown =>
    expect(complaints, complaints.join("\n")).to.have.length(0);
