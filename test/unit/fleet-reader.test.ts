import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { containerStatus } from "../../tasks/wait-for-fleet/containers";
import type { PartStatus } from "../../tasks/wait-for-fleet/pending";
import { clusterStatus, FleetReader, hostStatus } from "../../tasks/wait-for-fleet/reader";
import { kubeconfigFor } from "../kubeconfig";

describe("What is read of the fleet", () => {
    it("says that a host is queued until BMO has given it a state", () => {
        const metadata = {
            name: "h",
            annotations: { "baremetalhost.metal3.io/paused": "", "queue.metal3-scale-lab/queued": "" },
        };
        expect(hostStatus({ metadata }).state).to.equal("queued");
        expect(hostStatus({ metadata, status: { provisioning: { state: "provisioned" } } }).state).to.equal(
            "provisioned",
        );
        expect(hostStatus({ metadata: { name: "h" } }).state).to.equal("");
    });

    it("says what a queued cluster waits for, whatever its condition says", () => {
        const metadata = {
            name: "c",
            annotations: { "cluster.x-k8s.io/paused": "", "queue.metal3-scale-lab/queued": "3" },
        };
        const want = { name: "c", available: false, message: "queued: waits for its 3 hosts to be available" };
        expect(clusterStatus({ metadata })).to.deep.include(want);
        expect(
            clusterStatus({ metadata, status: { conditions: [{ type: "Available", status: "True", message: "" }] } }),
        ).to.deep.include(want);
        const others = { name: "c", annotations: { "cluster.x-k8s.io/paused": "" } };
        expect(clusterStatus({ metadata: others })).to.deep.include({ name: "c", available: false, message: "" });
    });

    it("is a host's state, its error, and whether it is used or being deleted", () => {
        expect(hostStatus({ metadata: { name: "h" } })).to.deep.equal({
            name: "h",
            state: "",
            error: "",
            deleting: false,
        });
        expect(
            hostStatus({
                metadata: { name: "h", deletionTimestamp: "2026", labels: { "cluster.x-k8s.io/cluster-name": "c" } },
                spec: { consumerRef: { name: "m" } },
                status: { provisioning: { state: "deprovisioning" }, errorMessage: "no" },
            }),
        ).to.deep.equal({
            name: "h",
            state: "deprovisioning",
            error: "no",
            deleting: true,
            consumer: "m",
            cluster: "c",
            since: "2026",
        });
    });

    it("is a cluster's Available condition in one line; a cluster that is being deleted is not Available", () => {
        const conditions = [{ type: "Available", status: "False", message: "* RemoteConnectionProbe:\n  * failed" }];
        expect(clusterStatus({ metadata: { name: "c" }, status: { conditions } })).to.deep.include({
            name: "c",
            available: false,
            message: "* RemoteConnectionProbe: * failed",
        });
        expect(
            clusterStatus({
                metadata: { name: "c", deletionTimestamp: "2026" },
                status: { conditions: [{ type: "Available", status: "True" }] },
            }).available,
        ).to.equal(false);
    });

    const container = (State: string, Status: string) => containerStatus("c", { Names: ["/c"], State, Status });
    const containers: [string, PartStatus, Partial<PartStatus>][] = [
        ["runs", container("running", "Up 3 minutes"), {}],
        ["runs and is healthy", container("running", "Up 3 minutes (healthy)"), {}],
        ["is unhealthy", container("running", "Up 3 minutes (unhealthy)"), { trouble: "Up 3 minutes (unhealthy)" }],
        [
            "is restarted by Docker",
            container("restarting", "Restarting (1) 2 seconds ago"),
            { trouble: "Restarting (1) 2 seconds ago" },
        ],
        [
            "was stopped",
            container("exited", "Exited (137) 1 second ago"),
            { trouble: "Exited (137) 1 second ago", lost: "start" },
        ],
        ["was removed", containerStatus("c", undefined), { trouble: "does not exist", lost: "refresh" }],
    ];
    for (const [what, found, expected] of containers) {
        it(`says of a container that ${what}: ${expected.trouble ?? "it works"}`, () =>
            expect(found).to.deep.equal({ kind: "Container", name: "c", ...expected }));
    }
});

describe("The whole of a lab that comes up", () => {
    it("has no objects of a kind that the cluster does not know yet, and an error is one all the same", async () => {
        let missing = 404;
        const server = createServer((request, response) => {
            const isPart = request.url?.startsWith("/apis/apps/") === true;
            response.writeHead(isPart ? 200 : missing, { "content-type": "application/json" });
            response.end(JSON.stringify(isPart ? { items: [] } : { message: "page not found" }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        try {
            const reader = new FleetReader(kubeconfigFor(`http://127.0.0.1:${port}`), {
                namespace: "metal3",
                workloads: { namespaces: ["metal3"] },
                ownsNodes: true,
            });
            expect(await reader.readWhole()).to.deep.equal({
                fleet: { hosts: [], clusters: [], parts: [] },
                hosts: [],
                clusters: [],
            });
            missing = 500;
            const failed = await reader.readWhole().catch((error: unknown) => error);
            expect(failed).to.have.property("code", 500);
        } finally {
            server.close();
        }
    });
});
