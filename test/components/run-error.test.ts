import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { withRunErrors } from "../../components/run-error";
import { UserError } from "../../plan/user-error";
import { ConfigurationError } from "../../plan/validate";
import { FleetTimeout, ObjectsMissing } from "../../tasks/wait-for-fleet/errors";

describe("An error that ends the program", () => {
    const thrown = (error: unknown): Promise<unknown> =>
        withRunErrors(Promise.reject(error as Error)).catch((reason: unknown) => reason);

    const forTheUser: [string, UserError][] = [
        ["the configuration", new ConfigurationError([{ key: "nodes", value: "0", rule: "too few" }])],
        ["a fleet that is late", new FleetTimeout([], () => [], 1, "Look.", "")],
        [
            "a host that is missing",
            new ObjectsMissing([{ kind: "BareMetalHost", name: "h", reason: "gone" }], "refresh"),
        ],
        ["anything else that a user can mend", new UserError("Mend it.")],
    ];
    for (const [what, error] of forTheUser) {
        it(`is shown by its message alone when it is about ${what}`, async () => {
            const shown = await thrown(error);
            expect(pulumi.RunError.isInstance(shown)).to.equal(true);
            expect((shown as Error).message).to.equal(error.message);
        });
    }

    it("keeps its message where it comes out of the inputs of several resources", async () => {
        const failing = withRunErrors(Promise.reject(new UserError("Mend it.")));
        const inputs = async (): Promise<unknown> =>
            pulumi.runtime.serializeProperties("a resource", { kubeconfig: failing }).catch((error: unknown) => error);
        for (const shown of [await inputs(), await inputs()]) {
            expect(pulumi.RunError.isInstance(shown)).to.equal(true);
            expect((shown as Error).message).to.equal("Mend it.");
        }
    });

    it("is passed on as it is when it is a bug of ours: where it was thrown is what we need to know", async () => {
        for (const bug of [new TypeError("undefined is not a function"), "text"]) {
            expect(await thrown(bug)).to.equal(bug);
        }
    });

    it("is none where there is a result", async () => expect(await withRunErrors(Promise.resolve(7))).to.equal(7));
});
