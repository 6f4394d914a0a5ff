import { expect } from "chai";
import {
    allFigures,
    cluster,
    condition,
    DONE,
    figures,
    host,
    machine,
    metal3Machine,
    NONE,
    one,
    openStages,
    report,
    settledCluster,
} from "./bench-stages-objects";

describe("the stages of clusters and machines", () => {
    it("The stages of a cluster are the times between its conditions' changes", () => {
        const { clusters } = report({ clusters: [cluster("cluster-0000", settledCluster(82))] });
        expect(allFigures(clusters)).to.deep.equal({
            queue: NONE,
            infrastructure: one(3),
            "control plane": one(67),
            settle: one(12),
            connection: one(34),
            "created to Available": one(82),
        });
    });

    it("The stages of a machine include the time of its host", () => {
        const conditions = [
            condition("Available", "True", 80),
            condition("Ready", "True", 80),
            condition("BootstrapConfigReady", "True", 5),
            condition("InfrastructureReady", "True", 70),
            condition("NodeHealthy", "True", 79),
            condition("NodeReady", "True", 79),
        ];
        const lists = {
            hosts: [host("host-0000", DONE)],
            clusters: [],
            machines: [machine("cluster-0000-xyz", "cluster-0000-a", conditions)],
            metal3Machines: [metal3Machine("cluster-0000-a", 23)],
        };
        const { machines } = report(lists);
        expect(allFigures(machines)).to.deep.equal({
            bootstrap: one(4),
            "take a host": one(18),
            infrastructure: one(65),
            "host to infrastructure": one(9),
            node: one(9),
            "created to Ready": one(79),
        });
        expect(report(lists).fleet.machinesReady).to.include({ count: 1, of: 1, seconds: 80 });
    });

    it("A stage whose end came before its beginning counts as 0 s", () => {
        const conditions = [condition("BootstrapConfigReady", "True", 9), condition("InfrastructureReady", "True", 8)];
        const { machines } = report({ machines: [machine("m", "a", conditions)] });
        expect(figures(machines, "infrastructure")).to.deep.equal(one(0));
    });

    it("A condition that is False or Unknown has not been reached", () => {
        const conditions = [
            condition("Available", "False", 50),
            condition("InfrastructureReady", "True", 3),
            condition("RemoteConnectionProbe", "Unknown", 2),
            condition("ControlPlaneInitialized", "False", 1),
        ];
        const { clusters } = report({ clusters: [cluster("cluster-0000", conditions)] });
        expect(openStages(clusters)).to.deep.equal(["control plane", "connection", "created to Available"]);
        expect(figures(clusters, "created to Available")).to.deep.equal({ ...NONE, open: 1 });
    });

    it("A cluster that is no longer Available does not count as Available", () => {
        const lost = cluster("cluster-0000", [...settledCluster(82).slice(1), condition("Available", "False", 150)]);
        const { fleet } = report({ clusters: [lost] });
        expect(fleet.clustersAvailable).to.include({ count: 0, of: 1, at: null, seconds: null });
    });

    it("A cluster that wavered is Available since the last time", () => {
        const { fleet } = report({ clusters: [cluster("cluster-0000", settledCluster(200))] });
        expect(fleet.clustersAvailable).to.include({ count: 1, of: 1, seconds: 200 });
    });
});
