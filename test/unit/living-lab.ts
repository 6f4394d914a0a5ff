import { livingLab, type LivingLab, type StackResources } from "../../plan/change/living-lab";
import { chosenVersions } from "../../plan/config/version-sets";
import { profileLabels } from "../../plan/host-profiles/label";
import { namingVersion, versionLabel } from "../../plan/part-versions";
import { plan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { ConfigurationError, validate } from "../../plan/validate";
import { versionSets } from "../../toolchain/images/recipes";

export type Raw = Record<string, string>;

export const STACK = "test";

/** The resources that Pulumi has of a lab with this configuration, as far as the program reads them. */
export function resourcesOf(
    raw: Raw,
    identifier: { clusterIdentifier?: string } = {
        clusterIdentifier: raw["substrate"] === "existing" ? "existing:1234" : "m3lab-test",
    },
): StackResources {
    const config = validate(raw);
    const { ironic, ...versions } = chosenVersions(config, versionSets());
    const labels = (part: string): object[] => versionLabel(part, versions[part]);
    const named = (part: string): object => namingVersion(part, versions[part], { metadata: {} });
    const planned = plan(config, STACK);
    const resources: StackResources = {};
    const add = (type: string, name: string, outputs: object): void => {
        resources[`urn:pulumi:${STACK}::metal3-scale-lab::metal3lab:index:Lab$${type}::${name}`] = { type, outputs };
    };
    const { podCidr, serviceCidr } = config;
    if (config.substrate !== "existing") {
        add("docker:index/network:Network", "kubernetes-provisioning", {
            ipamConfigs: [{ subnet: config.provisioningCidr }],
            labels: [{ label: "metal3-scale-lab", value: planned.prefix }],
        });
    }
    add("kubernetes:core/v1:Namespace", "namespace", { metadata: { name: planned.namespace } });
    add("kubernetes:core/v1:PersistentVolumeClaim", "ironic-persistentvolumeclaim-ironic-mariadb", {
        spec: { storageClassName: planned.substrate.storageClass || "standard" },
    });
    add("pulumi:providers:kubernetes", "kubernetes-kubernetes", { kubeconfig: "", ...identifier });
    add("pulumi:providers:kubernetes", "charts", { kubeconfig: "" });
    if (config.substrate === "embedded") {
        add("docker:index/container:Container", "kubernetes-control-plane", {
            envs: ["NODE_NAME=x", `POD_CIDR=${podCidr}`, `SERVICE_CIDR=${serviceCidr}`],
            ports: [{ internal: 6443, external: substrateOf("embedded", planned).node.apiPort, ip: "127.0.0.1" }],
            labels: labels("kubernetes"),
        });
    } else if (config.substrate === "minikube") {
        const { driver, cpus, memoryMib, diskGib, libvirt } = substrateOf("minikube", planned);
        const network = libvirt && { libvirt: { uri: libvirt.uri, network: libvirt.network.name } };
        const baseImage = config.minikubeBaseImage === "built" ? "metal3-scale-lab/minikube-base:0123" : undefined;
        const machine = { driver, podCidr, serviceCidr, cpus, memoryMib, diskGib, baseImage, ...network };
        add("command:local:Command", "kubernetes-machine", {
            environment: { MINIKUBE_MACHINE: JSON.stringify(machine) },
        });
    }
    const { capi } = versions;
    add("command:local:Command", "cluster-api", { environment: { PART_VERSIONS: JSON.stringify({ capi }) } });
    add("kubernetes:apps/v1:Deployment", "bmo-deployment-baremetal-operator-controller-manager", named("bmo"));
    add("kubernetes:apps/v1:StatefulSet", "ironic-statefulset-ironic-mariadb", named("mariadb"));
    for (const { name } of planned.pairs) {
        if (planned.reach.kind === "services") {
            add("kubernetes:apps/v1:Deployment", `${name}-deployment`, named("sushyTools"));
        } else {
            add("docker:index/container:Container", `${name}-sushy-tools`, { labels: labels("sushyTools") });
        }
    }
    for (const { index } of planned.conductors) {
        add("kubernetes:apps/v1:Deployment", `ironic-deployment-ironic-conductor-${index}`, {
            metadata: {
                labels: { "app.kubernetes.io/component": "conductor", "app.kubernetes.io/version": ironic },
            },
        });
    }
    for (const { name, bmcAddress, bootMode, profile } of planned.hosts) {
        const labels = profileLabels(config.hostProfiles, profile);
        add("kubernetes:metal3.io/v1alpha1:BareMetalHost", name, {
            metadata: { name, ...(labels && { labels }) },
            spec: { bmc: { address: bmcAddress }, bootMode },
        });
    }
    for (const { name, fakeApiServer } of planned.clusters) {
        const { kubernetesVersion: version, controlPlaneNodes, workerNodes } = config;
        const workers = workerNodes === 0 ? {} : { workers: { machineDeployments: [{ replicas: workerNodes }] } };
        add("kubernetes:cluster.x-k8s.io/v1beta2:Cluster", name, {
            metadata: { name, labels: { "metal3-scale-lab/fake-api-server": String(fakeApiServer) } },
            spec: { topology: { version, controlPlane: { replicas: controlPlaneNodes }, ...workers } },
        });
    }
    return resources;
}

export const living = (raw: Raw): LivingLab => livingLab(STACK, resourcesOf(raw));

/** The problems of a change, as a person reads them. */
export function problems(before: LivingLab, after: Raw): string[] {
    try {
        validate(after, { living: before, versions: versionSets() });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems.map(({ key, value, rule }) => `${key} = ${value}: ${rule}`);
        }
        throw error;
    }
    return [];
}

/** The keys that a change has problems with. */
export const wrongKeys = (before: LivingLab, after: Raw): string[] =>
    problems(before, after).map((problem) => problem.split(" = ")[0] as string);
