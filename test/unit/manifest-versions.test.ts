import { expect } from "chai";
import type { Manifest } from "../../plan/manifests/documents";
import { withoutDeprecatedVersions } from "../../plan/manifests/versions";

describe("The removal of deprecated versions", () => {
    const definition = (group: string, versions: object[], kind = "CustomResourceDefinition"): Manifest => ({
        apiVersion: "apiextensions.k8s.io/v1",
        kind,
        metadata: { name: "things" },
        spec: { group, scope: "Namespaced", conversion: { strategy: "Webhook" }, versions },
    });
    const old = { name: "v1beta1", served: true, storage: false, deprecated: true, schema: { a: 1 } };
    const now = { name: "v1beta2", served: true, storage: true, schema: { a: 2 } };

    it("no longer serves what is deprecated, and leaves all else as it is", () => {
        const given = [
            definition("g.io", [old, now]),
            definition("g.io", [now], "Other"),
            { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
        ];
        const before = structuredClone(given);
        expect(withoutDeprecatedVersions(given)).to.deep.equal([
            definition("g.io", [{ ...old, served: false }, now]),
            ...given.slice(1),
        ]);
        expect(given).to.deep.equal(before);
    });

    const kept: [string, Manifest][] = [
        ["a version that is older, but not deprecated", definition("g.io", [{ ...old, deprecated: false }, now])],
        ["the version that is stored", definition("g.io", [{ ...old, storage: true }])],
        ["a version that CAPM3 asks for", definition("ipam.cluster.x-k8s.io", [old, now])],
        [
            "a definition without versions",
            {
                apiVersion: "apiextensions.k8s.io/v1",
                kind: "CustomResourceDefinition",
                metadata: { name: "things" },
                spec: { group: "g.io", versions: [] },
            },
        ],
    ];
    for (const [name, manifest] of kept) {
        it(`leaves ${name}`, () => expect(withoutDeprecatedVersions([manifest])).to.deep.equal([manifest]));
    }
});
