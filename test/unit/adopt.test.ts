import { expect } from "chai";
import { findUnrecorded, inventoryKey, type PreviewStep } from "../../cli/recovery/adopt";
import type { StateResource } from "../../cli/recovery/state";

const urn = (type: string, name: string): string => `urn:pulumi:dev::metal3-scale-lab::${type}::${name}`;
const KUBERNETES = urn("pulumi:providers:kubernetes", "management");
const DOCKER = urn("pulumi:providers:docker", "docker");
const HOSTS = urn("metal3lab:index:BareMetalHosts", "hosts");

function host(name: string, more: Partial<StateResource> = {}): StateResource {
    const type = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
    const inputs = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", metadata: { name, namespace: "metal3" } };
    return {
        urn: urn(type, name),
        type,
        custom: true,
        parent: HOSTS,
        provider: `${KUBERNETES}::0a1b`,
        inputs,
        ...more,
    };
}

function container(name: string, more: Partial<StateResource> = {}): StateResource {
    const type = "docker:index/container:Container";
    return { urn: urn(type, name), type, custom: true, provider: `${DOCKER}::2c3d`, inputs: { name }, ...more };
}

const component = (name: string): StateResource => ({
    urn: urn("metal3lab:index:FakeNodePair", name),
    type: "metal3lab:index:FakeNodePair",
    custom: false,
});
const created = (...resources: StateResource[]): PreviewStep[] =>
    resources.map((newState) => ({ op: "create", newState }));
const STATE: StateResource[] = [KUBERNETES, DOCKER, HOSTS].map((known) => ({ urn: known, type: "" }));

describe("A resource that a killed run made and did not record", () => {
    it("is looked for by its name and, of a Kubernetes object, by kind and namespace", () => {
        expect(inventoryKey(host("host-0007"))).to.equal("metal3.io/v1alpha1/BareMetalHost/metal3/host-0007");
        expect(
            inventoryKey(host("n", { inputs: { apiVersion: "v1", kind: "Namespace", metadata: { name: "metal3" } } })),
        ).to.equal("v1/Namespace/metal3");
        expect(inventoryKey(container("m3lab-dev-pair-000-fake-ipa"))).to.equal(
            "docker:index/container:Container/m3lab-dev-pair-000-fake-ipa",
        );
    });

    it("is not looked for while its name is not known, nor when it is of a kind that is made anew", () => {
        for (const inputs of [{}, { metadata: {} }]) {
            expect(inventoryKey({ ...host("x"), inputs })).to.equal("");
        }
        expect(inventoryKey({ ...host("x"), type: "random:index/randomPassword:RandomPassword" })).to.equal("");
    });

    it("is one that the plan would create although it exists", () => {
        const plan = [
            ...created(host("host-0001"), host("host-0002")),
            { op: "same", newState: host("host-0000") },
            { op: "update", newState: host("host-0003") },
        ];
        const inventory = new Map(
            ["host-0000", "host-0002", "host-0003"].map((name) => [
                `metal3.io/v1alpha1/BareMetalHost/metal3/${name}`,
                `metal3/${name}`,
            ]),
        );
        expect(findUnrecorded(STATE, plan, inventory)).to.deep.equal([
            { ...host("host-0002"), id: "metal3/host-0002", outputs: {} },
        ]);
    });

    it("is adopted with its components, and depends only on what the state has", () => {
        const parent = component("pair-002").urn;
        const there = container("a", {
            parent,
            dependencies: [urn("t", "gone"), HOSTS],
            propertyDependencies: { image: [urn("t", "gone")], name: null },
        });
        const after = host("host-0004", { dependencies: [there.urn, urn("t", "gone")] });
        const inventory = new Map([
            [inventoryKey(there), "0123"],
            [inventoryKey(after), "metal3/host-0004"],
        ]);
        expect(findUnrecorded(STATE, created(component("pair-002"), there, after), inventory)).to.deep.equal([
            component("pair-002"),
            {
                ...there,
                id: "0123",
                outputs: { name: "a" },
                dependencies: [HOSTS],
                propertyDependencies: { image: [], name: [] },
            },
            { ...after, id: "metal3/host-0004", outputs: {}, dependencies: [there.urn] },
        ]);
    });

    it("keeps its inputs as outputs when it is Docker's, since the official provider would drop them otherwise", () => {
        const inputs = {
            __defaults: ["logDriver"],
            name: "a",
            envs: ["A=1"],
            mustRun: true,
            uploads: [{ __defaults: ["executable"], file: "/a", content: "x" }],
            healthcheck: { __defaults: [], tests: ["CMD"], interval: "5s" },
        };
        const there = container("a", { inputs });
        const [found] = findUnrecorded(STATE, created(there), new Map([[inventoryKey(there), "0123"]]));
        expect(found?.outputs).to.deep.equal({
            name: "a",
            envs: ["A=1"],
            mustRun: true,
            uploads: [{ file: "/a", content: "x" }],
            healthcheck: { tests: ["CMD"], interval: "5s" },
        });
        expect(found?.inputs, "inputs keep the note of which were filled in").to.deep.equal(inputs);
    });

    it("is left alone when its provider or its parent is not in the state: somebody else must have made it", () => {
        const stray = host("host-0005", { provider: `${urn("pulumi:providers:kubernetes", "other")}::1` });
        const orphan = host("host-0006", { parent: urn("metal3lab:index:BareMetalHosts", "others") });
        const inventory = new Map([stray, orphan].map((resource) => [inventoryKey(resource), "metal3/x"]));
        expect(findUnrecorded(STATE, created(stray, orphan), inventory)).to.deep.equal([]);
    });
});
