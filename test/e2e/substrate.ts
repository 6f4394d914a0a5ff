import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { minikubeKubeconfig } from "../../toolchain/minikube";
import { PREFIX } from "./harness";

/** What the tests need to know of a substrate to look at a lab on it. */
interface SubstrateUnderTest {
    /** Configuration that makes the lab stand there. */
    settings: Record<string, string | number>;
    /** Name of the container in which the Kubernetes node runs. */
    node: string;
    /** Containers of a lab of four hosts that Pulumi makes. */
    containers: number;
    /** How the node runs its own programs: runit's or systemd's services, or containers of static pods. */
    services: "runit" | "systemd";
    /** Whether its machine can be stopped beside Docker's own ways. */
    hasMachine: boolean;
    /** What the substrate has left on the machine, beside Docker's objects. */
    leftovers: () => string[];
}

const SUBSTRATES: Record<string, SubstrateUnderTest> = {
    embedded: {
        settings: {},
        node: `${PREFIX}-control-plane`,
        containers: 5,
        services: "runit",
        hasMachine: false,
        leftovers: () => [],
    },
    minikube: {
        settings: {
            substrate: "minikube",
            minikubeDriver: "docker",
            minikubeBaseImage: "built",
            minikubeCpus: 2,
            minikubeMemory: 12_288,
        },
        node: PREFIX,
        containers: 4,
        services: "systemd",
        hasMachine: true,
        leftovers: () => {
            const home = process.env["MINIKUBE_HOME"] ?? homedir();
            const folders = [home, join(home, ".minikube")].map((folder) => join(folder, "profiles", PREFIX));
            return [...folders, minikubeKubeconfig(PREFIX)].filter((path) => existsSync(path));
        },
    },
};

const name = process.env["METAL3_SCALE_LAB_E2E_SUBSTRATE"] ?? "embedded";
const found = SUBSTRATES[name];
if (found === undefined) {
    throw new Error(`METAL3_SCALE_LAB_E2E_SUBSTRATE is ${name}: there are ${Object.keys(SUBSTRATES).join(", ")}`);
}

/**
 * The substrate that this run of the end-to-end tests is about. Only on the default one all steps are taken unless all
 * are asked for, because both together take longer than CI has.
 */
export const SUBSTRATE = {
    ...found,
    name,
    isWhole: name === "embedded" || process.env["METAL3_SCALE_LAB_E2E_WHOLE"] === "1",
};

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
