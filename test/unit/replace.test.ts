import { expect } from "chai";
import { labOfState } from "../../cli/recovery/lab-of-state";
import { reasonsToReplace } from "../../cli/replace";
import { ConfigurationError } from "../../plan/validate";
import { resourcesOf } from "./living-lab";

/** The resources of a lab, as Pulumi exports its state. */
const state = (raw: Record<string, string>) =>
    Object.entries(resourcesOf(raw)).map(([urn, { type, outputs }]) => ({
        urn,
        type,
        outputs: outputs as Record<string, unknown>,
    }));

describe("npm run up -- --replace", () => {
    const living = labOfState("organization/metal3-scale-lab/test", state({}));

    it("reads from the exported state what the program reads of the living lab", () => {
        expect(living.stack).to.equal("test");
        expect(living.kept).to.include({ substrate: "embedded", podCidr: "10.244.0.0/16" });
        expect(Object.keys(living.hosts)).to.have.length(4);
    });

    it("takes a lab away for what it cannot take, and for nothing else", () => {
        const keysOf = (raw: Record<string, string>) => reasonsToReplace(raw, living).map(({ key }) => key);
        expect(keysOf({})).to.deep.equal([]);
        expect(keysOf({ nodes: "8", clusters: "6", apiPort: "16500" })).to.deep.equal([]);
        expect(keysOf({ podCidr: "10.8.0.0/16", nodesPerPair: "1" })).to.deep.equal(["podCidr", "nodesPerPair"]);
        expect(keysOf({ kubernetesVersion: "v1.34.2" })).to.deep.equal(["kubernetesVersion"]);
    });

    it("takes no lab away for a configuration that cannot work", () => {
        const raw = { podCidr: "10.8.0.0/16", nodes: "1", images: JSON.stringify({ overrides: { ironicc: "x:1" } }) };
        expect(() => reasonsToReplace(raw, living)).to.throw(ConfigurationError, /2 problems/);
        expect(() => reasonsToReplace(raw, living)).to.not.throw(/podCidr/);
    });
});
