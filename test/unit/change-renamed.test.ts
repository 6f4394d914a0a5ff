import { expect } from "chai";
import { reasonsToReplace } from "../../cli/replace";
import { renameProblems } from "../../plan/change/renamed";
import { living } from "./living-lab";

describe("A stack that was renamed", () => {
    for (const raw of [{}, { substrate: "minikube" }]) {
        const lab = living(raw);

        it(`is told by the names of its lab, ${JSON.stringify(raw)}`, () => {
            expect(renameProblems(lab)).to.deep.equal([]);
            expect(renameProblems({ ...lab, stack: "organization/metal3-scale-lab/test" })).to.deep.equal([]);
            const [problem, ...others] = renameProblems({ ...lab, stack: "lab2" });
            expect(others).to.deep.equal([]);
            expect(problem).to.include({ key: "stack", value: "lab2" });
            expect(problem?.rule).to.include("as the stack test").and.include("pulumi stack rename test");
        });
    }

    it("is a reason to replace the lab, where its owner says so", () => {
        expect(reasonsToReplace({}, living({}))).to.deep.equal([]);
        expect(reasonsToReplace({}, { ...living({}), stack: "lab2" }).map(({ key }) => key)).to.deep.equal(["stack"]);
    });
});
