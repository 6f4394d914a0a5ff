import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import { parseKubeconfig } from "../../lib/kubernetes";
import { PROVIDERS } from "../../plan/manifests/providers";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { labWorkloads, partStatus, WorkloadReader, type Workload } from "../../tasks/wait-for-fleet/workloads";
import { isAvailable, isReady, podTrouble } from "../../tasks/workloads";
import { ironicChart } from "../components/mocks";
import { kubeconfigFor } from "../kubeconfig";

describe("The state of a workload", () => {
    const available = { type: "Available", status: "True" };
    const deployments: [string, object, boolean][] = [
        [
            "whose pod of the newest generation is available",
            { observedGeneration: 2, updatedReplicas: 1, availableReplicas: 1, conditions: [available] },
            true,
        ],
        [
            "of an older generation",
            { observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1, conditions: [available] },
            false,
        ],
        ["that has only an old pod", { observedGeneration: 2, availableReplicas: 1, conditions: [available] }, false],
        [
            "without an available pod",
            { observedGeneration: 2, updatedReplicas: 1, conditions: [{ ...available, status: "False" }] },
            false,
        ],
        ["that its controller has not seen yet", {}, false],
    ];
    for (const [name, status, expected] of deployments) {
        it(`A Deployment ${name} is ${expected ? "" : "not "}Available`, () =>
            expect(isAvailable({ metadata: { generation: 2 }, spec: { replicas: 1 } as never, status })).to.equal(
                expected,
            ));
    }

    const statefulSets: [string, object, boolean][] = [
        [
            "whose pod is Ready",
            { observedGeneration: 2, readyReplicas: 1, currentRevision: "a", updateRevision: "a" },
            true,
        ],
        ["whose pod is not Ready", { observedGeneration: 2, currentRevision: "a", updateRevision: "a" }, false],
        ["of an older generation", { observedGeneration: 1, readyReplicas: 1 }, false],
        [
            "whose pod is of an older revision",
            { observedGeneration: 2, readyReplicas: 1, currentRevision: "a", updateRevision: "b" },
            false,
        ],
    ];
    for (const [name, status, expected] of statefulSets) {
        it(`A StatefulSet ${name} is ${expected ? "" : "not "}ready`, () =>
            expect(
                isReady({ metadata: { generation: 2 }, spec: { replicas: 1 } as never, status: status as never }),
            ).to.equal(expected));
    }

    const waiting = (reason: string, message?: string) => ({ state: { waiting: { reason, message } } });
    const pods: [string, object, string | undefined][] = [
        ["is Ready", { conditions: [{ type: "Ready", status: "True" }] }, undefined],
        [
            "has no image",
            { containerStatuses: [waiting("ErrImagePull", "no\nsuch image")] },
            "p ErrImagePull no such image",
        ],
        [
            "crashes",
            {
                containerStatuses: [
                    {
                        ...waiting("CrashLoopBackOff"),
                        lastState: { terminated: { exitCode: 2, message: "no BareMetalHost" } },
                    },
                ],
            },
            "p CrashLoopBackOff, last exit code 2: no BareMetalHost",
        ],
        [
            "crashes in an init container",
            {
                initContainerStatuses: [waiting("CrashLoopBackOff")],
                containerStatuses: [waiting("PodInitializing")],
            },
            "p CrashLoopBackOff",
        ],
        [
            "has no node",
            { conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes" }] },
            "p not scheduled: 0/1 nodes",
        ],
        ["has only just been made", { phase: "Pending" }, "p Pending, not ready"],
    ];
    for (const [name, status, expected] of pods) {
        it(`Of a pod that ${name} is said: ${expected ?? "nothing"}`, () =>
            expect(podTrouble({ metadata: { name: "p" }, status })).to.equal(expected));
    }
});

describe("The workloads that the wait for the fleet looks at", () => {
    const database = { kind: "StatefulSet", apiVersion: "apps/v1", metadata: { name: "ironic-mariadb" } };
    const workloads = labWorkloads(plan(validate({ conductors: "2" }), "dev"), "metal3", [...ironicChart(2), database]);

    it("are conductors, image server, database, BMO, Cluster API's controllers and FKAS", () => {
        expect(workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)).to.have.members([
            "Deployment metal3/ironic-conductor-0",
            "Deployment metal3/ironic-conductor-1",
            "Deployment metal3/ironic-image-server",
            "StatefulSet metal3/ironic-mariadb",
            "Deployment baremetal-operator-system/baremetal-operator-controller-manager",
            ...PROVIDERS.map(({ namespace, deployment }) => `Deployment ${namespace}/${deployment}`),
            "Deployment metal3/fkas-0",
        ]);
    });

    const conductor: Workload = { kind: "Deployment", namespace: "metal3", name: "ironic-conductor-1", inState: true };
    const pod = (name: string, namespace = "metal3"): V1Pod => ({
        metadata: { name, namespace },
        status: { phase: "Pending" },
    });

    it("are named with their own pods' trouble only", () => {
        const pods = [pod("ironic-conductor-1-a"), pod("ironic-conductor-10-b"), pod("ironic-conductor-1-c", "other")];
        expect(partStatus(conductor, false, pods)).to.deep.equal({
            kind: "Deployment",
            name: "metal3/ironic-conductor-1",
            trouble: "ironic-conductor-1-a Pending, not ready",
        });
        expect(partStatus(conductor, false, []).trouble).to.equal("not ready yet");
        expect(partStatus(conductor, true, pods)).to.deep.equal({
            kind: "Deployment",
            name: "metal3/ironic-conductor-1",
        });
    });

    it("come back by a refresh when they are missing, but only those that are in Pulumi's state", () => {
        expect(partStatus(conductor, undefined, [])).to.include({ trouble: "does not exist", lost: "refresh" });
        expect(partStatus({ ...conductor, inState: false }, undefined, [])).to.not.have.property("lost");
    });

    it("come back by a refresh when somebody has scaled them to 0, but only those that are in Pulumi's state", () => {
        expect(partStatus(conductor, "scaled to 0", [])).to.include({
            trouble: "is scaled to 0 replicas",
            lost: "refresh",
        });
        expect(partStatus({ ...conductor, inState: false }, "scaled to 0", [])).to.not.have.property("lost");
    });

    describe("in a cluster", () => {
        let server: Server;
        const asked: string[] = [];
        const status = { observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1 };
        const deployment = (namespace: string, name: string, isUp: boolean, replicas = 1) => ({
            metadata: { namespace, name, generation: 1 },
            spec: { replicas },
            status: isUp ? { ...status, conditions: [{ type: "Available", status: "True" }] } : {},
        });
        const answers: Record<string, object[]> = {
            "/apis/apps/v1/deployments": [
                deployment("metal3", "ironic-conductor-0", true),
                deployment("metal3", "ironic-conductor-1", false),
                deployment("metal3", "fkas-0", true, 0),
                deployment("elsewhere", "somebody-elses", false),
            ],
            "/apis/apps/v1/statefulsets": [],
            "/api/v1/namespaces/metal3/pods": [pod("ironic-conductor-1-a")],
        };
        before(async () => {
            server = createServer((request, response) => {
                const path = (request.url ?? "").split("?")[0] ?? "";
                asked.push(path);
                response.writeHead(answers[path] ? 200 : 404, { "content-type": "application/json" });
                response.end(JSON.stringify({ items: answers[path] }));
            });
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        });
        after(() => server.close());
        const config = () =>
            parseKubeconfig(kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

        it("are all that there are in the lab's namespaces, for a person who asks", async () => {
            const parts = await new WorkloadReader(config(), { namespaces: ["metal3", "capi-system"] }).read();
            expect(parts.map(({ kind, name, lost }) => [kind, name, lost])).to.deep.equal([
                ["Deployment", "metal3/ironic-conductor-0", undefined],
                ["Deployment", "metal3/ironic-conductor-1", undefined],
                ["Deployment", "metal3/fkas-0", undefined],
            ]);
            asked.length = 0;
        });

        it("are read with two lists, and pods of namespaces in which something is not ready", async () => {
            const names = ["ironic-conductor-0", "ironic-conductor-1", "fkas-0", "gone"];
            const wanted = names.map((name) => ({ ...conductor, name }));
            const parts = await new WorkloadReader(config(), wanted).read();
            expect(parts.map(({ name, trouble }) => [name, trouble])).to.deep.equal([
                ["metal3/ironic-conductor-0", undefined],
                ["metal3/ironic-conductor-1", "ironic-conductor-1-a Pending, not ready"],
                ["metal3/fkas-0", "is scaled to 0 replicas"],
                ["metal3/gone", "does not exist"],
            ]);
            expect(asked.sort()).to.deep.equal(Object.keys(answers).sort());
        });
    });
});
