import { expect } from "chai";
import { formatManifests, ManifestError, parseManifests } from "../../plan/manifests/documents";
import { deployment } from "./manifest-samples";

describe("The reader and writer of manifests", () => {
    it("reads a stream and leaves out what is empty", () => {
        const text = "---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\n";
        expect(parseManifests(text, "x")).to.deep.equal([
            { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
        ]);
    });

    it("writes what it reads", () => {
        const manifests = [deployment(["--a=b: c", "'q'", 'x"y'])];
        expect(parseManifests(formatManifests(manifests), "x")).to.deep.equal(manifests);
    });

    it("names each bad document", () => {
        expect(() => parseManifests("a: 1\n---\napiVersion: v1\nkind: A\n---\n[1, 2\n", "core v1"))
            .to.throw(ManifestError)
            .with.property("message")
            .that.matches(/^core v1 is not .*document 1: no apiVersion; document 2: no metadata.name; document 3: /);
    });
});
