import { expect } from "chai";
import { plan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { validate } from "../../plan/validate";
import { CLUSTER, CONTAINER, HOST, isSecret, lab, NETWORK, plain } from "./build-lab";
import { OWNER } from "./mocks";

describe("The lab as resources", () => {
    it("has a Secret and a BareMetalHost per host, two containers per pair, and a Cluster per cluster", async () => {
        const recorder = await lab({ nodes: "9", clusters: "3" });
        expect(recorder.of(HOST)).to.have.length(9);
        expect(recorder.of("kubernetes:core/v1:Secret").filter(({ name }) => name.endsWith("-bmc"))).to.have.length(9);
        // Pairs of 2, 2, 4 and 8 hosts; and the node.
        expect(recorder.of(CONTAINER)).to.have.length(2 * 4 + 1);
        expect(recorder.of(CLUSTER)).to.have.length(3);
        expect(recorder.of(NETWORK)).to.have.length(1);
    });

    it("records in the labels of its network who made it, and never replaces a network for its labels", async () => {
        const recorder = await lab({});
        const [network] = recorder.of(NETWORK);
        expect(network?.inputs["labels"]).to.deep.equal([
            { label: "metal3-scale-lab", value: "m3lab-test" },
            { label: "metal3-scale-lab.state-id", value: OWNER.id },
            { label: "metal3-scale-lab.state", value: OWNER.state },
            { label: "metal3-scale-lab.checkout", value: OWNER.checkout },
            { label: "metal3-scale-lab.user", value: OWNER.user },
        ]);
        expect(recorder.ignoredChanges.get(network?.name ?? "")).to.deep.equal(["labels"]);
    });

    it("gives a host the BMC of its pair, and the MAC address that its pair tells fake-ipa", async () => {
        const recorder = await lab({});
        const { spec, metadata } = recorder.named("host-0003").inputs as {
            spec: { bmc: { address: string }; bootMACAddress: string };
            metadata: object;
        };
        const uuid = spec.bmc.address.split("/").at(-1) as string;
        expect(spec.bmc.address).to.equal(`redfish+http://192.168.222.18:8000/redfish/v1/Systems/${uuid}`);
        // FKAS writes the label of the cluster that the host is assigned to.
        expect(metadata).to.deep.equal({ name: "host-0003", namespace: "metal3" });
        const uploads = plain(recorder.named("pair-001-sushy-tools").inputs["uploads"]) as {
            file: string;
            content: string;
        }[];
        const configuration = uploads.find(({ file }) => file.endsWith("conf.py"))?.content ?? "";
        expect(configuration).to.include(`"uuid": "${uuid}"`).and.include(`"mac": "${spec.bootMACAddress}"`);
        expect(configuration)
            .to.include('EXTERNAL_NOTIFICATION_URL = "http://192.168.222.19:9999"')
            .and.include("SUSHY_EMULATOR_FAKE_DRIVER = True");
    });

    it("leaves the labels of BMC Secrets alone, or BMO would register hosts of labs that have some again", async () => {
        const recorder = await lab({ nodes: "1", clusters: "0" });
        expect(recorder.named("host-0000-bmc").inputs["metadata"]).to.deep.equal({
            name: "host-0000-bmc",
            namespace: "metal3",
        });
        expect(recorder.ignoredChanges.get("host-0000-bmc")).to.deep.equal(["metadata.labels"]);
    });

    it("makes a cluster after as many hosts as it has machines, and no two clusters after the same", async () => {
        const recorder = await lab({ nodes: "5", clusters: "2", workerNodes: "1" });
        const hosts = (name: string) =>
            (recorder.dependencies.get(name) ?? []).filter((each) => each.startsWith("host-"));
        expect(hosts("cluster-0000")).to.deep.equal(["host-0000", "host-0001"]);
        expect(hosts("cluster-0001")).to.deep.equal(["host-0002", "host-0003"]);
    });

    it("declares each cluster's port, and opens it in the Service of its fake API server", async () => {
        const recorder = await lab({ nodes: "4", clusters: "4", fakeApiServers: "2" });
        const cluster = recorder.named("cluster-0003").inputs as {
            metadata: { labels: Record<string, string> };
            spec: { topology: { variables: unknown[] } };
        };
        expect(cluster.metadata.labels["metal3-scale-lab/fake-api-server"]).to.equal("1");
        expect(cluster.spec.topology.variables).to.deep.equal([
            { name: "controlPlaneEndpoint", value: { host: "192.168.222.2", port: 20003 } },
        ]);
        const ports = (name: string) =>
            (recorder.named(name).inputs as { spec: { ports: { port: number; targetPort: number }[] } }).spec.ports;
        expect(ports("fkas-1-0").some(({ port, targetPort }) => port === 20003 && targetPort === 20003)).to.equal(true);
        expect(ports("fkas-0-0").some(({ port }) => port === 20003)).to.equal(false);
        expect(ports("fkas-0-0").length + ports("fkas-1-0").length).to.equal(50);
    });

    it("names no path of the machine, so that the state does on another", async () => {
        const recorder = await lab({});
        expect(JSON.stringify(recorder.resources)).to.not.include(process.cwd());
    });

    it("keeps the files of the node's PKI complete, and publishes the API on the loopback interface only", async () => {
        const node = (await lab({})).named("kubernetes-control-plane").inputs as {
            uploads: unknown;
            ports: object[];
            capabilities: object;
        };
        expect(isSecret(node.uploads)).to.equal(true);
        const uploads = plain(node.uploads) as { file: string }[];
        expect(uploads).to.have.length(24);
        expect(uploads.map(({ file }) => file)).to.include.members([
            "/etc/kubernetes/pki/ca.crt",
            "/etc/kubernetes/pki/sa.key",
            "/etc/kubernetes/pki/kubelet-server.key",
        ]);
        expect(node.ports).to.deep.equal([
            {
                internal: 6443,
                external: substrateOf("embedded", plan(validate({}), "test")).node.apiPort,
                ip: "127.0.0.1",
            },
        ]);
        expect(node.capabilities).to.deep.equal({ adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] });
    });

    it("ignores a change of labels on every network and volume, which a replacement would empty", async () => {
        const recorder = await lab({});
        for (const type of [NETWORK, "docker:index/volume:Volume"]) {
            const resources = recorder.of(type);
            expect(resources, type).to.not.have.length(0);
            for (const { name } of resources) {
                expect(recorder.ignoredChanges.get(name), name).to.deep.equal(["labels"]);
            }
        }
    });

    it("runs every image pinned", async () => {
        const recorder = await lab({});
        const images = JSON.stringify(recorder.resources).match(/"image":"[^"]+"/g) ?? [];
        expect(images.length).to.be.greaterThan(5);
        for (const image of images) {
            expect(image).to.match(/:(?!latest)[\w.-]+"$/);
        }
    });
});
