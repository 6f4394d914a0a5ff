import { expect } from "chai";
import { parseAllDocuments } from "yaml";
import { CLUSTER_PORTS } from "../../plan/addresses";
import { livingLab } from "../../plan/change/living-lab";
import { existingRole, requiredRights } from "../../plan/existing-rights";
import { ironicNames } from "../../plan/manifests/ironic-values";
import { plan, type LabPlan } from "../../plan/plan";
import { SETTINGS } from "../../plan/profiles";
import { validate } from "../../plan/validate";
import { living, problems, resourcesOf, STACK, wrongKeys } from "./living-lab";

const EXISTING = { substrate: "existing" };
const planOf = (raw: Record<string, string>): LabPlan => plan(validate(raw), "test");

describe("A lab in a cluster that is there", () => {
    it("has a Service for each pair and each conductor, and needs no address of a network", () => {
        const planned = planOf({ ...EXISTING, namespace: "lab", conductors: "3" });
        expect(planned.substrate).to.deep.equal({ kind: "existing", storageClass: "", containers: [], copiedInto: [] });
        expect(planned.reach.ironicHost).to.equal("ironic.lab.svc");
        expect(planned.conductors.map(({ host }) => host)).to.deep.equal([
            "ironic-conductor-0.lab.svc",
            "ironic-conductor-1.lab.svc",
            "ironic-conductor-2.lab.svc",
        ]);
        expect(planned.pairs.map(({ sushyToolsHost }) => sushyToolsHost)).to.deep.equal([
            "pair-000.lab.svc",
            "pair-001.lab.svc",
        ]);
        expect(planned.hosts[0]?.bmcAddress).to.match(
            /^redfish\+http:\/\/pair-000\.lab\.svc:8000\/redfish\/v1\/Systems\//,
        );
        expect(JSON.stringify(planned)).not.to.match(/192\.168\.222\.(?!0\/24)/);
    });

    it("has a certificate of Ironic that names every conductor that there may be", () => {
        const names = ironicNames(planOf(EXISTING));
        expect(names).to.include.members(["ironic.metal3.svc", "ironic-conductor-0.metal3.svc"]);
        expect(names).to.include("ironic-conductor-49.metal3.svc");
        expect(names).to.deep.equal(ironicNames(planOf({ ...EXISTING, nodes: "300", conductors: "9" })));
    });

    it("has the same ports of workload clusters as any other", () => {
        expect(planOf(EXISTING).clusters.map(({ port }) => port - CLUSTER_PORTS.first)).to.deep.equal([0, 1]);
    });

    it("leaves what holds for the whole cluster as upstream has it, unless clusterWideTuning asks for it", () => {
        const WHOLE = [
            "firmwareSchemaOwners",
            "bmcSecretLabels",
            "deprecatedVersions",
            "webhooksOnEveryUpdate",
            "leaderElection",
        ] as const;
        const { profile } = planOf(EXISTING);
        for (const name of WHOLE) {
            expect(profile[name], name).to.equal(SETTINGS[name].published);
        }
        expect(planOf({ ...EXISTING, clusterWideTuning: "true" }).profile).to.deep.equal(planOf({}).profile);
    });

    it("refuses keys of clusters that the lab makes itself, and containers on this machine", () => {
        const raw = { ...EXISTING, apiPort: "7000", provisioningCidr: "10.1.0.0/24", podCidr: "10.2.0.0/16" };
        expect(wrongKeys(livingLab(STACK, {}), { ...raw, fakeNodes: "docker", libvirtNetwork: "x" })).to.have.members([
            "apiPort",
            "provisioningCidr",
            "podCidr",
            "fakeNodes",
            "libvirtNetwork",
        ]);
    });

    it("keeps its namespace, its StorageClass and the addresses of its clusters", () => {
        const before = living({ ...EXISTING, namespace: "lab", storageClass: "fast" });
        expect(wrongKeys(before, { ...EXISTING, storageClass: "slow" })).to.have.members(["namespace", "storageClass"]);
        expect(problems(living(EXISTING), { ...EXISTING, fakeApiServers: "2" }).join()).to.match(
            /fakeApiServers = "2": 1 clusters, of which the first is cluster-0001, would be served at another address/,
        );
    });

    it("is another lab than one on this machine", () => {
        expect(wrongKeys(living(EXISTING), {})).to.deep.equal(["substrate"]);
        expect(wrongKeys(living({}), EXISTING)).to.deep.equal(["substrate"]);
    });

    it("knows the cluster that it stands in by its identifier", () => {
        expect(livingLab(STACK, resourcesOf(EXISTING, { clusterIdentifier: "existing:1234" })).clusterId).to.equal(
            "1234",
        );
        expect(living({}).clusterId).to.equal(undefined);
    });

    it("asks for no right to everything, and for each right once", () => {
        const named = (upgrade: boolean): string[] =>
            requiredRights(true, upgrade).map(({ group, resource, verb }) => `${group}/${resource}/${verb}`);
        const rights = named(false);
        expect(new Set(rights).size).to.equal(rights.length);
        expect(rights.filter((right) => right.startsWith("*") || right.endsWith("/*"))).to.deep.equal([]);
        expect(named(true).slice(rights.length)).to.deep.equal([
            "*/*/list",
            "/endpoints/delete",
            "discovery.k8s.io/endpointslices/delete",
        ]);
        const roles = parseAllDocuments(existingRole()).map((document) => document.toJS() as { metadata: object });
        expect(roles.map(({ metadata }) => metadata)).to.deep.equal([
            { name: "metal3-scale-lab" },
            { name: "metal3-scale-lab-upgrade" },
        ]);
    });
});

describe("Fake nodes in the cluster", () => {
    it("are behind Services on a cluster of the lab's own, too, whose clusters keep the address of the network", () => {
        const planned = planOf({ fakeNodes: "kubernetes" });
        expect(planned.reach.kind).to.equal("services");
        expect(planned.substrate.serviceAddress).to.equal("192.168.222.2");
        expect(wrongKeys(living({}), { fakeNodes: "kubernetes" })).to.deep.equal(["fakeNodes"]);
        expect(wrongKeys(living({ fakeNodes: "kubernetes" }), {})).to.deep.equal(["fakeNodes"]);
    });

    it("refuse a change of nodesPerPair that moves a host, as containers do", () => {
        const before = living({ fakeNodes: "kubernetes" });
        expect(wrongKeys(before, { fakeNodes: "kubernetes", nodesPerPair: "1" })).to.deep.equal(["nodesPerPair"]);
        expect(problems(before, { fakeNodes: "kubernetes" })).to.deep.equal([]);
    });
});
