import { expect } from "chai";
import * as fc from "fast-check";
import { livingLab } from "../../plan/change/living-lab";
import { changeSummary } from "../../plan/change/summary";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { imageRecipe, versionSets } from "../../toolchain/images/recipes";
import { living, STACK, type Raw } from "./living-lab";

const summary = (before: Raw | undefined, after: Raw): string | undefined => {
    const config = validate(after);
    return changeSummary(before ? living(before) : livingLab(STACK, {}), plan(config, STACK), config, versionSets());
};

/** The version of Ironic in the default set. */
const DEFAULT_IRONIC = imageRecipe("ironic").version;

describe("A change in words", () => {
    it("says of a lab that grows what comes, and that nothing is rolled or replaced", () => {
        expect(summary({}, { nodes: "8", clusters: "4" })).to.equal(
            "+4 hosts (host-0004 to host-0007); +2 clusters (cluster-0002 to cluster-0003); +2 machines; " +
                "rolls nothing; replaces no host and no cluster",
        );
    });

    it("says of a lab that shrinks what goes", () => {
        expect(summary({}, { nodes: "3", clusters: "1" })).to.equal(
            "-1 host (host-0003); -1 cluster (cluster-0001); -1 machine; " +
                "rolls nothing; replaces no host and no cluster",
        );
    });

    it("names the first and the last, in whatever order the state has them", () => {
        const lab = living({ nodes: "12", clusters: "0" });
        const hosts = Object.fromEntries(Object.entries(lab.hosts).reverse());
        const config = validate({ nodes: "4", clusters: "0" });
        expect(changeSummary({ ...lab, hosts }, plan(config, STACK), config, versionSets())).to.match(
            /^-8 hosts \(host-0004 to host-0011\);/,
        );
    });

    it("counts machines, and the clusters that a version rolls", () => {
        expect(summary({}, { workerNodes: "1" })).to.equal(
            "+2 machines; rolls nothing; replaces no host and no cluster",
        );
        expect(summary({}, { kubernetesVersion: "v1.36.0", clusters: "3" })).to.equal(
            "+1 cluster (cluster-0002); +1 machine; rolls 2 clusters to v1.36.0; replaces no host and no cluster",
        );
    });

    it("says what another version of Ironic restarts", () => {
        expect(summary({}, { versions: '{"ironic":"39.0.0"}' })).to.equal(
            `Ironic ${DEFAULT_IRONIC} to 39.0.0: all conductors stop, its database is migrated, and they start ` +
                "again; rolls nothing; replaces no host and no cluster",
        );
        expect(summary({ versionSet: "2026.3" }, { versionSet: "2026.3" })).to.equal(undefined);
    });

    it("says what another version of Cluster API restarts, and each part of a set that changes", () => {
        const clusterApi =
            "Cluster API 1.13.4 to 1.13.6: its three managers stop, and core, bootstrap and control plane start " +
            "again in this order";
        const older = { versionSet: "2026.1" };
        expect(summary(older, { ...older, versions: '{"capi":"1.13.6"}' })).to.equal(
            `${clusterApi}; rolls nothing; replaces no host and no cluster`,
        );
        expect(summary(older, { versionSet: "2026.3" })).to.match(
            new RegExp(`^Ironic 34.0.0 to 39.0.0: .*; ${clusterApi};`),
        );
        expect(summary({ versionSet: "2026.3" }, { versions: '{"ironic":"39.0.0","capi":"1.13.6"}' })).to.equal(
            undefined,
        );
    });

    it("says what another version of each further part restarts", () => {
        const versions = { kubernetes: "1.36.3", mariadb: "11.4", sushyTools: "2.1.0" };
        expect(summary({}, { versions: JSON.stringify(versions) })).to.equal(
            "Kubernetes 1.35.4 to 1.36.3: the containers of the nodes are replaced over their volumes, and all pods " +
                "start again; MariaDB 10.11 to 11.4: its pod is replaced, and Ironic waits for it; sushy-tools 2.2.0 " +
                "to 2.1.0: its containers are replaced, and keep the state of their machines; rolls nothing; " +
                "replaces no host and no cluster",
        );
        expect(summary({ substrate: "minikube" }, { substrate: "minikube" })).to.equal(undefined);
    });

    it("says what the first up makes", () => {
        expect(summary(undefined, {})).to.match(/^\+4 hosts .*; \+2 clusters .*; \+2 machines; rolls nothing/);
    });

    it("is empty exactly where hosts, clusters, machines and versions stay", () => {
        const labs = fc.record({
            nodes: fc.constantFrom("10", "20"),
            clusters: fc.constantFrom("0", "2"),
            workerNodes: fc.constantFrom("0", "2"),
            kubernetesVersion: fc.constantFrom("v1.35.4", "v1.36.0"),
        });
        const shape = ({ nodes, clusters, ...each }: Raw) => [nodes, clusters, clusters === "0" ? "" : each];
        fc.assert(
            fc.property(labs, labs, (before, after) => {
                const same = JSON.stringify(shape(before)) === JSON.stringify(shape(after));
                expect(summary(before, after) === undefined).to.equal(same);
            }),
        );
    });
});
