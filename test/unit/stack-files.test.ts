import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { rawConfigOf } from "../../cli/stack-file";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { repoPath } from "../../toolchain/paths";

const git = (...args: string[]): string => execFileSync("git", args, { cwd: repoPath(), encoding: "utf8" });

const files = git("ls-files", "Pulumi.*.yaml").trim().split("\n");

describe("The stack files to start from", () => {
    it("are those that the documents name", () =>
        expect(files).to.include.members([
            "Pulumi.dev.yaml",
            "Pulumi.hundred.yaml",
            "Pulumi.minikube.yaml",
            "Pulumi.thousand.yaml",
        ]));

    for (const file of files) {
        // As it is tracked: Pulumi writes into the file of a stack that is up here.
        const text = git("show", `:${file}`);

        it(`${file} has only keys of the program, with values that can work, and says its size`, () => {
            const raw = rawConfigOf(text);
            expect(raw).to.include.keys("nodes", "clusters", "substrate");
            const config = validate(raw);
            const planned = plan(config, file.split(".")[1] as string);
            expect(planned.hosts).to.have.length(Number(raw["nodes"]));
            expect(planned.clusters).to.have.length(Number(raw["clusters"]));
        });

        it(`${file} has no salt and no key, with which nobody else's npm run up would work`, () =>
            expect(text).to.not.match(/^(encryptionsalt|encryptedkey|secretsprovider):/m));
    }
});
