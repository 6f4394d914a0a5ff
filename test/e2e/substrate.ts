import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { minikubeKubeconfig } from "../../toolchain/minikube";
import { ClusterThere, CONTEXT_THERE, OTHER_CLASS } from "./cluster-there";
import { PREFIX } from "./harness";
import type { TestRegistry } from "./registry/registry";

/** Provisioning network of the lab of these tests. Each lab on the machine has its own. */
const PROVISIONING_CIDR = "192.168.250.0/24";

/** What the tests need to know of a substrate to look at a lab on it. */
interface SubstrateUnderTest {
    /** Configuration that makes the lab stand there. */
    settings: Record<string, string | number>;
    /** What of it the plan follows from. */
    fleet: { provisioningCidr?: string; substrate?: "existing" };
    /** Settings that cannot be, and what the message says of each of them. */
    wrong: { settings: Record<string, string>; said: string[] };
    /** A key that a living lab keeps, and another value of it. */
    another: { key: string; value: string };
    /** Makes what the lab is to stand in. Default: nothing, the lab makes it. */
    prepare?: () => Promise<void>;
    /** Takes that away. */
    end?: () => Promise<void>;
    /** Whether the cluster is the lab's alone: what holds for the whole cluster is changed only there. */
    isOwn: boolean;
    /** Where the fake machines are: containers of this machine's Docker, or pods. */
    pairs: "containers" | "pods";
    /** Name of the container in which the Kubernetes node with the control plane runs. */
    node: () => string;
    /** Context in the lab's kubeconfig. */
    context: string;
    /** Containers of a lab of four hosts that Pulumi makes. */
    containers: number;
    /** How the node runs its own programs: runit's or systemd's services, or containers of static pods. */
    services: "runit" | "systemd";
    /** Whether its machine can be stopped beside Docker's own ways. */
    hasMachine: boolean;
    /** What the substrate has left, beside Docker's objects of the lab. */
    leftovers: () => Promise<string[]>;
    /** The registry from which its nodes pull already. Default: there is none. */
    registry?: () => TestRegistry;
}

/** The cluster that is there, once it is. */
let there: ClusterThere | undefined;

const SUBSTRATES: Record<string, SubstrateUnderTest> = {
    embedded: {
        settings: { provisioningCidr: PROVISIONING_CIDR },
        fleet: { provisioningCidr: PROVISIONING_CIDR },
        wrong: { settings: { provisioningCidr: "192.168.250.0/26" }, said: ["/26"] },
        another: { key: "podCidr", value: "10.200.0.0/16" },
        isOwn: true,
        pairs: "containers",
        node: () => `${PREFIX}-control-plane`,
        context: PREFIX,
        containers: 5,
        services: "runit",
        hasMachine: false,
        leftovers: () => Promise.resolve([]),
    },
    minikube: {
        settings: {
            substrate: "minikube",
            minikubeDriver: "docker",
            minikubeBaseImage: "built",
            minikubeCpus: 2,
            minikubeMemory: 12_288,
            provisioningCidr: PROVISIONING_CIDR,
        },
        fleet: { provisioningCidr: PROVISIONING_CIDR },
        wrong: { settings: { provisioningCidr: "192.168.250.0/26" }, said: ["/26"] },
        another: { key: "podCidr", value: "10.200.0.0/16" },
        isOwn: true,
        pairs: "containers",
        node: () => PREFIX,
        context: PREFIX,
        containers: 4,
        services: "systemd",
        hasMachine: true,
        leftovers: () => {
            const home = process.env["MINIKUBE_HOME"] ?? homedir();
            const folders = [home, join(home, ".minikube")].map((folder) => join(folder, "profiles", PREFIX));
            return Promise.resolve([...folders, minikubeKubeconfig(PREFIX)].filter((path) => existsSync(path)));
        },
    },
    existing: {
        another: { key: "storageClass", value: OTHER_CLASS },
        // The others are known once the cluster is there.
        settings: { namespace: "metal3" },
        fleet: { substrate: "existing" },
        // The one follows from the key alone, the other from what is in the cluster.
        wrong: {
            settings: { namespace: "Metal3", storageClass: "absent" },
            said: ['namespace = "Metal3"', "storageClass = absent"],
        },
        async prepare() {
            there = await ClusterThere.make();
            Object.assign(this.settings, there.settings);
        },
        end: async () => there?.end(),
        isOwn: false,
        pairs: "pods",
        node: () => there?.nodes[0] ?? "",
        context: CONTEXT_THERE,
        containers: 0,
        services: "runit",
        hasMachine: false,
        leftovers: async () => there?.differences() ?? [],
        registry: () => (there as ClusterThere).registry,
    },
};

const name = process.env["METAL3_SCALE_LAB_E2E_SUBSTRATE"] ?? "embedded";
const found = SUBSTRATES[name];
if (found === undefined) {
    throw new Error(`METAL3_SCALE_LAB_E2E_SUBSTRATE is ${name}: there are ${Object.keys(SUBSTRATES).join(", ")}`);
}

/** Whether every step is asked for (`--whole`): together they take longer than CI has. */
const isWhole = process.env["METAL3_SCALE_LAB_E2E_WHOLE"] === "1";

/** The set of versions with which the lab begins, where one is asked for (`--version-set`). */
const versionSet = process.env["METAL3_SCALE_LAB_E2E_VERSION_SET"];
const settings = { ...found.settings, ...(versionSet === undefined ? {} : { versionSet }) };

/**
 * The substrate that this run of the end-to-end tests is about, and how much is done to the lab there: on minikube
 * only what differs from the embedded lab, unless every step is asked for.
 */
export const SUBSTRATE = { ...found, settings, name, isWhole, isBrief: name === "minikube" && !isWhole };

/** Bit of CAP_SYS_RESOURCE in a set of capabilities (linux/capability.h). */
const CAP_SYS_RESOURCE = 24n;

/** Whether this machine can start a privileged container: not without CAP_SYS_RESOURCE in its bounding set. */
function canBePrivileged(): boolean {
    const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return ((BigInt(`0x${bounding}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

if (name === "minikube" && !canBePrivileged()) {
    process.stderr.write("no CAP_SYS_RESOURCE: minikube's container gets every other capability, not --privileged\n");
    process.env["PATH"] = [join(__dirname, "minikube", "bin"), process.env["PATH"] ?? ""].join(delimiter);
}
