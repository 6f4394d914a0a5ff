import { expect } from "chai";
import { npmRun } from "../../plan/commands";

describe("A command that a message names", () => {
    it("names the stack, unless it is the one that commands are about by default", () => {
        expect(npmRun("up", "dev")).to.equal("npm run up");
        expect(npmRun("down", "other")).to.equal("npm run down -- --stack other");
        expect(npmRun("kubeconfig", "dev", "cluster-0000")).to.equal("npm run kubeconfig -- cluster-0000");
        expect(npmRun("kubeconfig", "me/metal3-scale-lab/other", "cluster-0000")).to.equal(
            "npm run kubeconfig -- cluster-0000 --stack other",
        );
    });
});
