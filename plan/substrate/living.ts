import type { Key } from "../config/keys";
import type { minikubeKeys } from "../config/minikube-keys";
import { LAB_LABEL } from "../docker-labels";

/** The keys that a lab keeps as long as it lives: those whose effect is `another lab`. */
export type KeptKey = Extract<
    Key,
    | "substrate"
    | "provisioningCidr"
    | "podCidr"
    | "serviceCidr"
    | "namespace"
    | "storageClass"
    | keyof typeof minikubeKeys
>;

/** What the resources of a substrate say of a lab that is there. */
export interface LivingSubstrate {
    /** Values of keys that the lab keeps. Undefined: this resource does not say. */
    kept: Partial<Record<KeptKey, string | number | undefined>>;
    /** Port of the Kubernetes API on the loopback interface, where the substrate has one. */
    apiPort?: number | undefined;
    /** Prefix of the lab's names. It tells another name of the stack than the one that the lab was made under. */
    prefix?: string | undefined;
}

/** The fields of the outputs that are looked at. All are optional: a state may be that of a lab of another version. */
export interface SubstrateOutputs {
    ipamConfigs?: { subnet?: string }[];
    labels?: { label?: string; value?: string }[];
    envs?: string[];
    ports?: { external?: number }[];
    environment?: { MINIKUBE_MACHINE?: string };
    metadata?: { name?: string };
    spec?: { storageClassName?: string };
}

/** What minikube was told when it made its machine. */
interface Machine {
    profile?: string;
    driver?: string;
    podCidr?: string;
    serviceCidr?: string;
    cpus?: number;
    memoryMib?: number;
    diskGib?: number;
    baseImage?: string;
    libvirt?: { uri?: string; network?: string };
}

/** First part of the references of images that are built on this machine. */
const BUILT_IMAGES = "metal3-scale-lab/";

/**
 * Reads a resource of any substrate.
 * @param resource its type and its name in Pulumi, with a space between them
 * @returns undefined for all other resources
 */
export function livingSubstrate(resource: string, outputs: SubstrateOutputs): LivingSubstrate | undefined {
    switch (resource) {
        case "docker:index/network:Network kubernetes-provisioning":
            return {
                kept: { provisioningCidr: outputs.ipamConfigs?.[0]?.subnet },
                prefix: outputs.labels?.find(({ label }) => label === LAB_LABEL)?.value,
            };
        case "docker:index/container:Container kubernetes-control-plane":
            return livingNode(outputs);
        case "command:local:Command kubernetes-machine":
            return livingMachine(outputs);
        case "kubernetes:core/v1:Namespace namespace":
            return { kept: { namespace: outputs.metadata?.name } };
        case "kubernetes:core/v1:PersistentVolumeClaim ironic-persistentvolumeclaim-ironic-mariadb":
            return { kept: { storageClass: outputs.spec?.storageClassName } };
        default:
            return undefined;
    }
}

/** Reads the container of the substrate `embedded`. */
function livingNode({ envs = [], ports }: SubstrateOutputs): LivingSubstrate {
    const variable = (name: string): string | undefined =>
        envs.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    return {
        kept: { substrate: "embedded", podCidr: variable("POD_CIDR"), serviceCidr: variable("SERVICE_CIDR") },
        apiPort: ports?.[0]?.external,
    };
}

/** Reads the machine of the substrate `minikube`. */
function livingMachine({ environment }: SubstrateOutputs): LivingSubstrate | undefined {
    const text = environment?.MINIKUBE_MACHINE;
    if (text === undefined) {
        return undefined;
    }
    const { baseImage = "", libvirt, ...machine } = JSON.parse(text) as Machine;
    return {
        kept: {
            substrate: "minikube",
            minikubeDriver: machine.driver,
            podCidr: machine.podCidr,
            serviceCidr: machine.serviceCidr,
            minikubeCpus: machine.cpus,
            minikubeMemory: machine.memoryMib,
            minikubeDisk: machine.diskGib,
            minikubeBaseImage: baseImage.startsWith(BUILT_IMAGES) ? "built" : baseImage,
            libvirtUri: libvirt?.uri,
            libvirtNetwork: libvirt?.network,
        },
        prefix: machine.profile,
    };
}
