import { expect } from "chai";
import { apiServerUrl, type MachineSpec } from "../../tasks/minikube/spec";
import { buildLab, CLUSTER, CONTAINER, field, HOST, isSecret, NETWORK } from "./build-lab";

const COMMAND = "command:local:Command";
const LIBVIRT_NETWORK = "libvirt:index/network:Network";

const specOf = (machine: { inputs: Record<string, unknown> }): MachineSpec =>
    JSON.parse(String(field(machine, "environment", "MINIKUBE_MACHINE"))) as MachineSpec;

describe("The lab on minikube", () => {
    it("has the same hosts, clusters and pairs as on any substrate, and nothing of the embedded node", async () => {
        const { recorder } = await buildLab({ substrate: "minikube", nodes: "9", clusters: "3" });
        expect(recorder.of(HOST)).to.have.length(9);
        expect(recorder.of(CLUSTER)).to.have.length(3);
        // Pairs of 2, 2, 4 and 8 hosts; there is no container of a node.
        expect(recorder.of(CONTAINER)).to.have.length(8);
        expect(recorder.of(COMMAND).map(({ name }) => name)).to.have.members([
            "pki",
            "kubernetes-machine",
            "kubernetes-images",
            "kubeconfig",
            "cluster-api",
        ]);
        expect(recorder.of("kubernetes:core/v1:PersistentVolume")).to.have.length(0);
    });

    it("stands under KVM on a network of libvirt, whose bridge a Docker network shares", async () => {
        const { recorder } = await buildLab({ substrate: "minikube" });
        const [network] = recorder.of(LIBVIRT_NETWORK);
        expect(network?.inputs).to.include({ name: "baremetal", mode: "nat", autostart: true });
        const bridge = network?.inputs["bridge"];
        expect(String(bridge)).to.match(/^m3lab-[0-9a-f]{8}$/);
        const [docker] = recorder.of(NETWORK);
        expect(docker?.inputs).to.deep.include({
            name: "m3lab-test-provisioning",
            options: { "com.docker.network.bridge.name": bridge },
            ipamConfigs: [{ subnet: "192.168.222.0/24", gateway: "192.168.222.1" }],
        });
        const spec = specOf(recorder.named("kubernetes-machine"));
        expect(spec).to.deep.include({ profile: "m3lab-test", driver: "kvm2", address: "192.168.222.2" });
        expect(String(field(network as never, "xml", "xslt"))).to.include(
            `<host mac="${spec.libvirt?.mac}" name="m3lab-test" ip="192.168.222.2"/>`,
        );
    });

    it("needs no libvirt with the driver docker: the machine is a container on the Docker network", async () => {
        const { recorder } = await buildLab({
            substrate: "minikube",
            minikubeDriver: "docker",
            minikubeBaseImage: "built",
        });
        expect(recorder.of(LIBVIRT_NETWORK)).to.have.length(0);
        expect(recorder.of(NETWORK)[0]?.inputs).to.not.have.property("options");
        const spec = specOf(recorder.named("kubernetes-machine"));
        expect(spec).to.not.have.property("libvirt");
        expect(spec.baseImage).to.match(/^metal3-scale-lab\/minikube-base:/);
    });

    it("reaches Kubernetes and Ironic at the machine's address on the provisioning network", async () => {
        const { recorder, output, plan } = await buildLab({ substrate: "minikube" });
        expect(output["ironicEndpoint"]).to.equal("https://192.168.222.2:6385");
        expect(plan.substrate.serviceAddress).to.equal("192.168.222.2");
        expect(apiServerUrl(specOf(recorder.named("kubernetes-machine")))).to.equal("https://192.168.222.2:8443");
        expect(isSecret(recorder.named("kubernetes-kubernetes").inputs["kubeconfig"])).to.equal(true);
    });

    it("keeps its machine when the lab grows: sizes hold only for a machine that is made", async () => {
        const { recorder } = await buildLab({ substrate: "minikube", nodes: "500", clusters: "100" });
        expect(recorder.ignoredChanges.get("kubernetes-machine")).to.deep.equal(["environment"]);
        expect(specOf(recorder.named("kubernetes-machine"))).to.include({ cpus: 14, memoryMib: 21_240 });
    });

    it("has objects that go with the machine", async () => {
        const { recorder } = await buildLab({ substrate: "minikube" });
        const owners = new Set([...recorder.deletedWith.values()].filter((owner) => owner !== ""));
        expect(owners).to.deep.equal(new Set(["kubernetes-machine"]));
    });

    it("plans the published lab of a thousand hosts", async () => {
        const { recorder } = await buildLab({ substrate: "minikube", nodes: "1000", clusters: "1000" });
        expect(recorder.of(HOST)).to.have.length(1000);
        expect(recorder.of(CLUSTER)).to.have.length(1000);
        expect(specOf(recorder.named("kubernetes-machine"))).to.include({ cpus: 24, memoryMib: 32_240 });
    }).timeout(180_000);
});
