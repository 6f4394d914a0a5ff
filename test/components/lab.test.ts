import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { Lab } from "../../components/lab";
import { WorkloadClusters } from "../../components/workload-clusters";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { ironicChart, operatorManifests, OWNER, Recorder } from "./mocks";

/** Builds a lab against the mocks. */
async function lab(raw: Record<string, string>): Promise<Recorder> {
    const recorder = new Recorder();
    await recorder.start();
    const config = validate({ ...raw, wait: "none" });
    const planned = plan(config, "test");
    const built = new Lab("lab", {
        config,
        plan: planned,
        images: new Images(config.images),
        owner: OWNER,
        operatorManifests,
        ironicChart: ironicChart(planned.conductors.length),
    });
    await new Promise((resolve) => pulumi.output(built.outputs).apply(resolve));
    await pulumi.runtime.disconnect();
    return recorder;
}

/** How a secret travels to a provider. */
const isSecret = (value: unknown): value is { value: unknown } =>
    typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value;
const plain = (value: unknown): unknown => (isSecret(value) ? value.value : value);

const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";
const CLUSTER = "kubernetes:cluster.x-k8s.io/v1beta2:Cluster";
const CONTAINER = "docker:index/container:Container";

/** The bare-metal operator's container. */
async function operator(
    raw: Record<string, string>,
): Promise<{ env: Record<string, unknown>; resources?: { requests?: Record<string, string> }; lifecycle?: object }> {
    const recorder = await lab({ nodes: "1", clusters: "0", ...raw });
    const deployment = recorder.resources.find(
        ({ type, inputs }) =>
            type === "kubernetes:apps/v1:Deployment" &&
            JSON.stringify(inputs["metadata"]).includes("baremetal-operator-controller-manager"),
    );
    const { containers } = (
        deployment?.inputs["spec"] as {
            template: {
                spec: {
                    containers: {
                        name: string;
                        env: { name: string; value: unknown }[];
                        resources?: object;
                        lifecycle?: object;
                    }[];
                };
            };
        }
    ).template.spec;
    const manager = containers.find(({ name }) => name === "manager");
    if (!manager) {
        throw new Error("no manager");
    }
    return {
        env: Object.fromEntries(manager.env.map(({ name, value }) => [name, value])),
        ...(manager.resources ? { resources: manager.resources } : {}),
        ...(manager.lifecycle ? { lifecycle: manager.lifecycle } : {}),
    };
}

describe("the lab as resources", () => {
    it("has a Secret and a BareMetalHost for each host, two containers for each pair, a Cluster for each cluster", async () => {
        const recorder = await lab({ nodes: "9", clusters: "3" });
        expect(recorder.of(HOST)).to.have.length(9);
        expect(recorder.of("kubernetes:core/v1:Secret").filter(({ name }) => name.endsWith("-bmc"))).to.have.length(9);
        // Pairs of 2, 2, 4 and 8 hosts; and the node.
        expect(recorder.of(CONTAINER)).to.have.length(2 * 4 + 1);
        expect(recorder.of(CLUSTER)).to.have.length(3);
        expect(recorder.of("docker:index/network:Network")).to.have.length(1);
    });

    it("records in the labels of its network who made it, and never replaces a network for its labels", async () => {
        const recorder = await lab({});
        const [network] = recorder.of("docker:index/network:Network");
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
            metadata: { labels: object };
        };
        const uuid = spec.bmc.address.split("/").at(-1) as string;
        expect(spec.bmc.address).to.equal(`redfish+http://192.168.222.18:8000/redfish/v1/Systems/${uuid}`);
        expect(metadata.labels).to.deep.equal({ "metal3-scale-lab/cluster": "cluster-0003" });
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

    it("gives a host's Secret the label that CAPM3 would write, or BMO would register the host twice", async () => {
        const recorder = await lab({ nodes: "4", clusters: "2", hostsPerCluster: "2" });
        const labels = (name: string) => (recorder.named(name).inputs["metadata"] as { labels: object }).labels;
        expect(labels("host-0001-bmc")).to.deep.equal({ "cluster.x-k8s.io/cluster-name": "cluster-0000" });
        expect(labels("host-0002-bmc")).to.deep.equal({ "cluster.x-k8s.io/cluster-name": "cluster-0001" });
    });

    it("limits the hosts in work, by the size, the configuration, or as published", async () => {
        const limit = async (raw: Record<string, string>) => {
            const { env, resources } = await operator(raw);
            return {
                limit: env["PROVISIONING_LIMIT"],
                concurrency: env["BMO_CONCURRENCY"],
                cpu: resources?.requests?.["cpu"],
                gogc: env["GOGC"],
            };
        };
        expect(await limit({})).to.deep.equal({ limit: "10000", concurrency: "20", cpu: "80m", gogc: "300" });
        expect(await limit({ provisioningLimit: "7" })).to.include({ limit: "7" });
        expect(await limit({ tuning: "published" })).to.deep.equal({
            limit: "20",
            concurrency: undefined,
            cpu: undefined,
            gogc: undefined,
        });
    });

    it("lets BMO and the controllers of Cluster API serve their webhooks a while longer when they are told to end", async () => {
        expect((await operator({})).lifecycle).to.deep.equal({ preStop: { sleep: { seconds: 5 } } });
        const installed = (await lab({ nodes: "1", clusters: "0" })).resources.find(
            ({ type, name }) => type === "command:local:Command" && name === "cluster-api",
        );
        const { controllers } = JSON.parse(String(plain(installed?.inputs["stdin"]))) as {
            controllers: Record<string, { drainSeconds?: number }>;
        };
        const drains = Object.entries(controllers).map(([name, { drainSeconds }]) => `${name} ${drainSeconds}`);
        expect(drains).to.have.members(["core 5", "bootstrap 5", "controlPlane 5", "infrastructure 5", "ipam 5"]);
    });

    it("keeps owners out of the FirmwareSchema that all hosts share, but not in the published lab", async () => {
        const policies = async (raw: Record<string, string>) =>
            (await lab({ nodes: "1", clusters: "0", ...raw })).resources
                .map(({ type }) => type)
                .filter((type) => type.includes("MutatingAdmissionPolicy"));
        expect(await policies({})).to.have.length(2);
        expect(await policies({ tuning: "published" })).to.deep.equal([]);
    });

    it("changes nothing that is there when it grows", async () => {
        const small = await lab({ nodes: "4", clusters: "2" });
        const large = await lab({ nodes: "8", clusters: "4" });
        const inputs = new Map(large.resources.map(({ type, name, inputs: value }) => [`${type} ${name}`, value]));
        for (const { type, name, inputs: value } of small.resources) {
            if (type === "metal3lab:index:Lab" || type.startsWith("pulumi:")) {
                continue;
            }
            expect(inputs.get(`${type} ${name}`), name).to.deep.equal(value);
        }
        expect(large.of(HOST).length - small.of(HOST).length).to.equal(4);
    });

    it("keeps the dependencies of what is there when conductors, pairs and fake API servers are added, or Pulumi would write the whole state for each host", async () => {
        const small = await lab({ nodes: "500", clusters: "500" });
        const large = await lab({ nodes: "513", clusters: "501", conductors: "11" });
        expect(small.dependencies.get("host-0499")).to.deep.equal([
            "bmo-deployment-baremetal-operator-controller-manager",
            "host-0499-bmc",
            "ironic-deployment-ironic-conductor-1",
            "ironic-deployment-ironic-image-server",
            "pair-009-fake-ipa",
            "pair-009-sushy-tools",
        ]);
        expect(small.dependencies.get("cluster-0499")).to.deep.equal([
            "clusterclass-metal3-lab",
            "fkas-0",
            "fkas-0-9",
            "host-0499",
        ]);
        for (const { name, type } of [HOST, CLUSTER, CONTAINER, "kubernetes:core/v1:Secret"].flatMap((each) =>
            small.of(each),
        )) {
            expect(large.dependencies.get(name), `${type} ${name}`).to.deep.equal(small.dependencies.get(name));
        }
        expect(large.dependencies.get("cluster-0500")).to.include("fkas-1").and.include("fkas-0");
        // The third conductor, not the eleventh, which Helm has in its place.
        expect(large.dependencies.get("host-0500")).to.include("ironic-deployment-ironic-conductor-2");
        expect(large.dependencies.get("ironic-deployment-ironic-image-server")).to.have.length(11);
    }).timeout(60_000);

    it("queues the clusters of queued hosts for as many hosts as they have machines, but not in the published lab", async () => {
        const annotations = async (tuning: string) => {
            const recorder = new Recorder();
            await recorder.start();
            const config = validate({
                nodes: "123",
                clusters: "41",
                controlPlaneNodes: "1",
                workerNodes: "2",
                hostsAtOnce: "120",
                tuning,
            });
            const osImage = {
                url: "http://192.0.2.1/os.img",
                checksum: "ab12",
                checksumType: "sha256",
                diskFormat: "raw",
            } as const;
            const provider = new kubernetes.Provider("kubernetes", {});
            new WorkloadClusters("clusters", {
                config,
                plan: plan(config, "test"),
                images: new Images(config.images),
                owner: OWNER,
                osImage,
                provider,
                dependsOn: [],
                dependenciesOf: () => [],
            });
            await pulumi.runtime.disconnect();
            return recorder
                .of(CLUSTER)
                .sort((a, b) => a.name.localeCompare(b.name))
                .map(({ inputs }) => (inputs["metadata"] as { annotations?: object }).annotations);
        };
        // In the foreground, hosts would be deleted with the clusters that use them.
        const deleted = { "pulumi.com/deletionPropagationPolicy": "background" };
        const none = Array.from({ length: 40 }, () => deleted);
        expect(await annotations("lab")).to.deep.equal([
            ...none,
            { ...deleted, "cluster.x-k8s.io/paused": "", "metal3-scale-lab/queued": "3" },
        ]);
        expect(await annotations("published")).to.deep.equal([...none, deleted]);
    });

    it("makes the hosts beyond hostsAtOnce paused, and tells one FKAS how many may be in work", async () => {
        const recorder = await lab({ nodes: "3", clusters: "2", hostsAtOnce: "2", fakeApiServers: "2" });
        const annotations = recorder
            .of(HOST)
            .sort((a, b) => a.name.localeCompare(b.name))
            .map(({ inputs }) => (inputs["metadata"] as { annotations?: object }).annotations);
        expect(annotations).to.deep.equal([
            undefined,
            undefined,
            { "baremetalhost.metal3.io/paused": "", "cluster.x-k8s.io/paused": "", "metal3-scale-lab/queued": "" },
        ]);
        const told = recorder.resources
            .filter(({ name, type }) => type === "kubernetes:apps/v1:Deployment" && name.startsWith("fkas-"))
            .map(({ inputs }) => /FKAS_HOSTS_AT_ONCE","value":"(\d+)"/.exec(JSON.stringify(inputs))?.[1]);
        expect(told.sort()).to.deep.equal(["2", undefined]);
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
            { internal: 6443, external: plan(validate({}), "test").substrate.node.apiPort, ip: "127.0.0.1" },
        ]);
        expect(node.capabilities).to.deep.equal({ adds: ["ALL"], drops: ["CAP_SYS_RESOURCE"] });
    });

    it("ignores a change of labels on every network and volume, which a replacement would empty", async () => {
        const recorder = await lab({});
        for (const type of ["docker:index/network:Network", "docker:index/volume:Volume"]) {
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
