import type { Key } from "../../plan/config/keys";
import { hostUuid } from "../../plan/identities";
import { joinReference, referenceBelow } from "../../plan/image-reference";
import { builtReference } from "../../toolchain/images/reference";
import { BMO, CLUSTER, CONTAINER, field, HOST, NETWORK } from "./build-lab";
import {
    type Row,
    ofHost,
    ofCluster,
    ofNode,
    nodeVariable,
    pairSetting,
    deploymentVariable,
    MINIKUBE,
    EXISTING,
    podField,
    machine,
} from "./key-readers";
import { BMC_ROWS } from "./key-rows-bmc";

const PROMETHEUS = "observability-deployment-prometheus";
const IPA_FILE = { from: "/srv/ipa", sha256: "0".repeat(64) };

export const ROWS: Record<Key, Row> = {
    substrate: {
        value: "embedded",
        read: ({ recorder }) => recorder.of(NETWORK).length,
        expected: 1,
    },
    nodes: { value: "7", read: ({ recorder }) => recorder.of(HOST).length, expected: 7 },
    clusters: { value: "3", read: ({ recorder }) => recorder.of(CLUSTER).length, expected: 3 },
    controlPlaneNodes: {
        value: "3",
        with: { nodes: "6" },
        read: ofCluster("spec", "topology", "controlPlane", "replicas"),
        expected: 3,
    },
    workerNodes: {
        value: "1",
        read: ofCluster("spec", "topology", "workers", "machineDeployments", 0, "replicas"),
        expected: 1,
    },
    conductors: {
        value: "3",
        read: ({ values }) => values.provisioning.ips,
        expected: ["192.168.222.100", "192.168.222.101", "192.168.222.102"],
    },
    nodesPerPair: {
        value: "1",
        read: (lab) => String(ofHost("spec", "bmc", "address")(lab)).split("/")[2],
        expected: "192.168.222.18:8000",
    },
    fakeApiServers: {
        value: "2",
        read: ofCluster("metadata", "labels", "metal3-scale-lab/fake-api-server"),
        expected: "1",
    },
    kubernetesVersion: { value: "v1.34.2", read: ofCluster("spec", "topology", "version"), expected: "v1.34.2" },
    fakeNodes: {
        value: "kubernetes",
        read: ofHost("spec", "bmc", "address"),
        expected: `redfish+http://pair-000.metal3.svc:8000/redfish/v1/Systems/${hostUuid("test", 1)}`,
    },
    ...BMC_ROWS,
    hostProfiles: {
        value: '{"edge":1}',
        read: (lab) => [
            ofHost("metadata", "labels")(lab),
            ofHost("spec", "rootDeviceHints")(lab),
            String(pairSetting("FAKE_IPA_HARDWARE")(lab)).includes('"product_name": "ED-110"'),
            lab.values.conductor.extraConfig,
        ],
        expected: [
            { "metal3-scale-lab/profile": "edge" },
            { deviceName: "/dev/nvme0n1" },
            true,
            {
                DEFAULT: { default_bios_interface: "redfish" },
                inspector: { hooks: "$default_hooks,parse-lldp,local-link-connection" },
            },
        ],
    },
    fakeBootSeconds: {
        value: "5-9",
        read: pairSetting("FAKE_IPA_MAX_BOOT_TIME"),
        expected: "FAKE_IPA_MAX_BOOT_TIME = 9",
    },
    fakePowerSeconds: {
        value: "3-4",
        read: pairSetting("SUSHY_TOOLS_MIN_POWER_TIME"),
        expected: "SUSHY_TOOLS_MIN_POWER_TIME = 3",
    },
    cleaning: { value: "metadata", read: ofHost("spec", "automatedCleaningMode"), expected: "metadata" },
    provisioningCidr: {
        value: "10.1.0.0/24",
        read: ({ recorder }) => field(recorder.named("kubernetes-provisioning"), "ipamConfigs", 0),
        expected: { subnet: "10.1.0.0/24", gateway: "10.1.0.1" },
    },
    podCidr: { value: "10.8.0.0/16", read: nodeVariable("POD_CIDR"), expected: "POD_CIDR=10.8.0.0/16" },
    serviceCidr: { value: "10.9.0.0/16", read: nodeVariable("CLUSTER_DNS"), expected: "CLUSTER_DNS=10.9.0.10" },
    apiPort: { value: "17000", read: ofNode("ports", 0, "external"), expected: 17_000 },
    embeddedWorkers: {
        value: "2",
        read: ({ recorder }) => recorder.of(CONTAINER).filter(({ name }) => name.includes("-worker-")).length,
        expected: 2,
    },
    minikubeDriver: {
        value: "docker",
        with: MINIKUBE,
        read: machine(({ driver, dockerNetwork }) => [driver, dockerNetwork]),
        expected: ["docker", "m3lab-test-provisioning"],
    },
    minikubeCpus: { value: "7", with: MINIKUBE, read: machine(({ cpus }) => cpus), expected: 7 },
    minikubeMemory: { value: "9000", with: MINIKUBE, read: machine(({ memoryMib }) => memoryMib), expected: 9000 },
    minikubeDisk: { value: "77", with: MINIKUBE, read: machine(({ diskGib }) => diskGib), expected: 77 },
    minikubeBaseImage: {
        value: "example.com/kicbase:v1",
        with: { ...MINIKUBE, minikubeDriver: "docker" },
        read: machine(({ baseImage }) => baseImage),
        expected: "example.com/kicbase:v1",
    },
    libvirtUri: {
        value: "qemu:///system?socket=/run/s",
        with: MINIKUBE,
        read: machine(({ libvirt }) => libvirt?.uri),
        expected: "qemu:///system?socket=/run/s",
    },
    libvirtNetwork: {
        value: "metal",
        with: MINIKUBE,
        read: machine(({ libvirt }) => libvirt?.network),
        expected: "metal",
    },
    kubeconfig: {
        value: "/srv/kubeconfig",
        with: EXISTING,
        read: ({ plan: { substrate } }) => "kubeconfig" in substrate && substrate.kubeconfig,
        expected: "/srv/kubeconfig",
    },
    kubeContext: {
        value: "mine",
        with: EXISTING,
        read: ({ plan: { substrate } }) => "context" in substrate && substrate.context,
        expected: "mine",
    },
    namespace: {
        value: "lab",
        with: EXISTING,
        read: ofHost("metadata", "namespace"),
        expected: "lab",
    },
    storageClass: {
        value: "fast",
        with: EXISTING,
        read: ({ values }) => values.mariadb.persistence.storageClass,
        expected: "fast",
    },
    nodeSelector: {
        value: '{"disk":"ssd"}',
        with: EXISTING,
        read: podField("pair-000-deployment", "nodeSelector"),
        expected: { disk: "ssd" },
    },
    tolerations: {
        value: '[{"key":"lab","operator":"Exists"}]',
        with: EXISTING,
        read: podField("fkas-0", "tolerations"),
        expected: [{ key: "lab", operator: "Exists" }],
    },
    clusterWideTuning: {
        value: "true",
        with: EXISTING,
        read: ({ recorder }) => recorder.resources.some(({ type }) => type.endsWith(":MutatingAdmissionPolicy")),
        expected: true,
    },
    versionSet: {
        value: "2026.3",
        read: ({ values, recorder }) => [
            joinReference(values.images.ironic),
            // The component that it is in has its name.
            ...recorder
                .of("command:local:Command")
                .filter(({ name }) => name === "cluster-api")
                .map((command) => field(command, "environment", "PART_VERSIONS")),
        ],
        expected: [builtReference("ironic-39.0.0"), '{"capi":"1.13.6"}'],
    },
    versions: {
        value: '{"ironic":"37.0.0"}',
        read: ({ values }) => [values.ironicVersion, joinReference(values.images.ironic)],
        expected: ["37.0.0", builtReference("ironic-37.0.0")],
    },
    images: {
        value: JSON.stringify({ overrides: { node: "example.com/node:1.2.3" } }),
        read: ofNode("image"),
        expected: "example.com/node:1.2.3",
    },
    imageRegistry: {
        value: "registry.example:5000/lab",
        read: ({ recorder }) => field(recorder.named("fkas-0"), "spec", "template", "spec", "containers", 0, "image"),
        expected: referenceBelow("registry.example:5000/lab", "fkas", builtReference("fkas")),
    },
    imagePullSecrets: {
        value: '["pull"]',
        read: ({ recorder, values }) => [
            values.imagePullSecrets,
            ...["fkas-0", BMO, "dns-deployment"].map((name) =>
                field(recorder.named(name), "spec", "template", "spec", "imagePullSecrets"),
            ),
        ],
        expected: Array<unknown>(4).fill([{ name: "pull" }]),
    },
    ipa: {
        value: JSON.stringify({ kernel: IPA_FILE, ramdisk: IPA_FILE }),
        read: ({ values }) => values.images.ipa?.repository,
        expected: "metal3-scale-lab/ipa",
    },
    hostsAtOnce: { value: "5", read: deploymentVariable("fkas-0", "FKAS_HOSTS_AT_ONCE"), expected: "5" },
    rolloutsAtOnce: { value: "2", read: deploymentVariable("fkas-0", "FKAS_ROLLOUTS_AT_ONCE"), expected: "2" },
    provisioningLimit: { value: "9", read: deploymentVariable(BMO, "PROVISIONING_LIMIT"), expected: "9" },
    powerSyncSeconds: { value: "60", read: ({ values }) => values.conductor.syncPowerStateInterval, expected: 60 },
    tuning: { value: "published", read: ({ values }) => values.conductor.tunedRuntime, expected: false },
    without: {
        value: '["ironic-password-hash"]',
        read: ({ values }) => values.conductor.without,
        expected: ["ironic-password-hash"],
    },
    observability: {
        value: "true",
        read: (lab) => (podField(PROMETHEUS, "containers")(lab) as { image: string }[])[0]?.image,
        expected: builtReference("prometheus"),
    },
    wait: { value: "none", read: ({ fleet }) => fleet, expected: "not waited for (wait: none)" },
    waitTimeout: { value: "77", read: ({ waitSeconds }) => waitSeconds, expected: 77 },
};
