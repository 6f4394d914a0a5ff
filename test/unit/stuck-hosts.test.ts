import { expect } from "chai";
import { labStatus } from "../../cli/status/summary";
import { containerStatus } from "../../tasks/wait-for-fleet/containers";
import type { IronicNode } from "../../tasks/wait-for-fleet/evidence";
import { machineStatus, type MachineryObject } from "../../tasks/wait-for-fleet/machines";
import objects from "./samples/fleet-objects.json";
import { hostObject, hostsWith, LAB, NOW, observed } from "./status-samples";
import {
    clusters,
    deployment,
    describeHost,
    expectNamed,
    inUse,
    machine,
    machines,
    node,
    refused,
    told,
} from "./stuck-samples";

/** The words are those of BMO 0.13.2, Ironic 38.0.0, sushy, CAPM3 1.13.2, Cluster API 1.13.4 and kube-apiserver. */
describe("A host that is made stuck is named by status and by the wait of up, in upstream's words:", () => {
    it("no free host", async () => {
        // Recorded of a lab whose cluster had its version raised without a spare host.
        const recorded = structuredClone(objects.waitsForHost) as unknown as (MachineryObject & { kind: string })[];
        const rename = (text: string): string => text.replaceAll("cluster-0000-control-plane-2tnc2", machine);
        const of = (kind: string) =>
            JSON.parse(
                rename(
                    JSON.stringify(
                        recorded.find(
                            (each) => each.kind === kind && rename(JSON.stringify(each)) !== JSON.stringify(each),
                        ),
                    ),
                ),
            ) as MachineryObject;
        const waiting = { ...machineStatus(of("Machine")), cluster: "cluster-0001" };
        const metal3Machines = [{ name: machine, conditions: of("Metal3Machine").status?.conditions ?? [] }];
        const hosts = hostsWith(
            hostObject(1, "provisioned", "other-control-plane-x"),
            hostObject(2, "provisioned", "third-control-plane-x"),
            {
                ...hostObject(3, "available"),
                metadata: { name: "host-0003", annotations: { "baremetalhost.metal3.io/paused": "" } },
            },
        );
        await expectNamed(
            { clusters, hosts, evidence: { machines: [waiting], metal3Machines } },
            `Cluster cluster-0001: Machine ${machine}: no free host: 4 of 4 are in use or not available`,
            ["kubectl -n metal3 get baremetalhosts"],
        );
    });

    it("a BMC that is away, while a host is registered, and while its power is switched", async () => {
        const path = `/redfish/v1/Systems/${node}`;
        const away =
            `Redfish connection failed for node ${node}: Unable to connect to http://192.168.222.16:8000${path}. ` +
            `Error: ${refused("192.168.222.16", 8000, path)}`;
        const log = "docker logs --tail 50 m3lab-mine-pair-000-sushy-tools";
        const verify = `Failed to get power state for node ${node}. Error: ${away}`;
        await expectNamed(
            { hosts: hostsWith(hostObject(1, "registering", undefined, verify)) },
            `BareMetalHost host-0001: registering: ${verify}`,
            [describeHost, log],
        );
        const deploy = `Image provisioning failed: Failed to prepare to deploy: ${away}`;
        await expectNamed(
            { clusters, hosts: inUse("provisioning", deploy), evidence: { machines } },
            `Machine ${machine}: BareMetalHost host-0001: provisioning: ${deploy}`,
            [describeHost, log],
        );
        // BMO has no word for a fault that Ironic notes by itself.
        const lastError =
            `During sync_power_state, max retries exceeded for node ${node}, node state None does not match expected ` +
            `state 'power on'. Updating DB state to 'None' Switching node to maintenance mode. Error: ${away}`;
        const ironic: IronicNode = {
            uuid: "node-1",
            conductor: "c",
            reservation: null,
            provisionState: "available",
            lastError,
            maintenance: true,
            maintenanceReason: lastError,
        };
        const evidence = { machines, ironic: new Map([["node-1", ironic]]) };
        const { status } = await told({ clusters, hosts: inUse("provisioning"), evidence });
        expect(status?.reason).to.include(`host-0001: provisioning: Ironic: ${lastError}`);
        expect(status?.next).to.deep.equal([describeHost, log]);
    });

    it("a BMC whose container is paused, or whose pod is not there", async () => {
        const name = "m3lab-mine-pair-000-sushy-tools";
        const paused = containerStatus(name, { Names: [`/${name}`], State: "paused", Status: "Up 5 minutes (Paused)" });
        const look = { clusters, hosts: inUse("provisioning"), evidence: { machines }, parts: [paused] };
        await expectNamed(look, `Container ${name}: Up 5 minutes (Paused); 1 waits for it: Cluster cluster-0001`, [
            `docker unpause ${name}`,
        ]);
        const at = "pair-000.metal3.svc";
        const error = `Redfish connection failed for node ${node}: ${refused(at, 8000, "/redfish/v1/")}`;
        const hosts = inUse("provisioning", error);
        // The first part that does not work is another one.
        const parts = [deployment("fkas-0"), deployment("pair-000")];
        const { status } = await told({ clusters, hosts, evidence: { machines }, parts });
        expect(status).to.deep.include({ name: "metal3/fkas-0", others: [] });
        const found = labStatus(observed({ clusters, hosts, evidence: { machines }, parts }), LAB, NOW);
        expect(found.stuck[1]).to.deep.include({ name: "metal3/pair-000" });
        expect(found.stuck[1]?.others.map(({ name: waiting }) => waiting)).to.deep.equal(["cluster-0001"]);
    });

    it("an image server that is down, whatever a host wants of it, and one that only does not answer", async () => {
        const href = "http://ironic-image-server.metal3.svc:8080/images";
        const reason = (file: string) => refused("ironic-image-server.metal3.svc", 8080, `/images/${file}`);
        const image =
            "Image provisioning failed: Failed to prepare to deploy: Validation of image href " +
            `${href}/lab-os.raw failed, reason: ${reason("lab-os.raw")}`;
        const ramdisk =
            `Failed to inspect hardware. Reason: unable to start inspection: Failed to download image ` +
            `${href}/ipa.kernel, reason: ${reason("ipa.kernel")}`;
        // The first part that does not work is another one.
        const parts = [deployment("ironic-conductor-1"), deployment("ironic-image-server")];
        for (const [state, error] of [
            ["provisioning", image],
            ["inspecting", ramdisk],
            ["provisioning", ""],
        ] as const) {
            const look = { clusters, hosts: inUse(state, error), evidence: { machines }, parts };
            const found = labStatus(observed(look), LAB, NOW).stuck;
            expect(found.map(({ name, others }) => [name, others.length])).to.deep.equal([
                ["metal3/ironic-conductor-1", 0],
                ["metal3/ironic-image-server", 1],
            ]);
            const { wait } = await told(look);
            expect(wait[2]).to.include("Deployment metal3/ironic-image-server: not ready yet; 1 waits for it: ");
            expect(wait[3]?.trim()).to.equal("kubectl -n metal3 describe deployment ironic-image-server");
        }
        await expectNamed(
            { clusters, hosts: inUse("provisioning", image), evidence: { machines } },
            `Machine ${machine}: BareMetalHost host-0001: provisioning: ${image}`,
            [describeHost, "kubectl -n metal3 describe service ironic-image-server"],
        );
    });
});
