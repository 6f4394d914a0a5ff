import { nodesOf, type Scheduling } from "../scheduling";
import { asRecord, asRecords, changeManifest, describe, findManifest, recordAt } from "./documents";
import { ManifestError } from "./documents";
import type { Manifest } from "./documents";
import type { PodPullSecrets } from "./pull-secrets";

/** The value of a command-line flag; `true` is written `--flag=true`, null takes the flag away. */
export type FlagValue = string | number | boolean | null;

/**
 * The value of an environment variable: text, a reference (`valueFrom`), or a value known later, passed through as it
 * is.
 */
export type EnvironmentValue = string | { valueFrom: object } | { later: unknown };

/** On which nodes a controller runs. Tolerations are added to upstream's. */
interface ControllerNodes {
    nodeSelector?: Readonly<Record<string, string>> | undefined;
    tolerations?: readonly object[] | undefined;
}

/** What to change of one controller. Fields that are left out or undefined stay as upstream has them. */
export interface ManagerTuning {
    /** Image reference: `repository:tag` or `repository@sha256:…`. The pull policy then becomes IfNotPresent. */
    image?: string | undefined;
    /** Flags by name, without dashes. An existing flag is replaced, a new one is added. */
    args?: Readonly<Record<string, FlagValue>> | undefined;
    /**
     * Gates of `--feature-gates`, which must be listed there already: a gate that upstream does not know stops the
     * manager.
     */
    featureGates?: Readonly<Record<string, boolean>> | undefined;
    /** Environment variables. An existing one is replaced, a new one is added. */
    env?: Readonly<Record<string, EnvironmentValue>> | undefined;
    /** Resource requests, as in a pod spec: `{cpu: '50m', memory: '128Mi'}`. */
    requests?: Readonly<Record<string, string>> | undefined;
    /** Seconds that each of its probes waits for an answer, from 1. */
    probeTimeoutSeconds?: number | undefined;
    /** How a pod with new settings takes the place of the old one, as the Deployment's strategy has it. */
    strategy?: "Recreate" | "RollingUpdate" | undefined;
    /** Secrets by which the image may be pulled. */
    imagePullSecrets?: PodPullSecrets["imagePullSecrets"];
    /** Seconds that a pod keeps running after it was told to stop, from 1. Its grace period begins after them. */
    drainSeconds?: number | undefined;
    /** On which nodes it runs. */
    nodes?: ControllerNodes | undefined;
}

/**
 * `drainSeconds` of a controller that serves webhooks and rolls. When its settings change, the new pod is ready before
 * the old one stops, but kube-proxy learns of the new endpoint only seconds later. A call to the old pod is then not
 * refused: the pod's address no longer exists, and kube-apiserver waits 10 s in vain. Two of twelve `up`s that changed
 * the bare-metal operator's settings and then created hosts failed for this reason.
 */
const WEBHOOK_DRAIN_SECONDS = 5;

/**
 * How a controller that serves webhooks is replaced. One that elects a leader rolls, as upstream's manifests have it:
 * the next pod only stands by until the one before it has stopped. Without an election both would work at the same
 * time, so the old pod ends first. The connections that kube-apiserver keeps to it end with it then, and not in the
 * midst of a call: 12 of 200 hosts were refused for that, made 20 s after a change of the bare-metal operator.
 */
export const replacement = ({ leaderElection }: { leaderElection: boolean }): ManagerTuning =>
    leaderElection ? { strategy: "RollingUpdate", drainSeconds: WEBHOOK_DRAIN_SECONDS } : { strategy: "Recreate" };

/**
 * Where the controllers run. Nothing where nothing is configured: the settings of labs that are there stay as they are.
 */
export function controllerNodes(wanted: Scheduling): Pick<ManagerTuning, "nodes"> {
    const nodes = nodesOf(wanted);
    return Object.keys(nodes).length === 0 ? {} : { nodes };
}

/** Kubernetes' default of terminationGracePeriodSeconds. */
const KUBERNETES_GRACE_SECONDS = 30;

/** Where the controller is found in the manifests. */
export interface ManagerAddress {
    deployment: string;
    /** Default `manager`, the name kubebuilder's scaffolds use. */
    container?: string;
}

/**
 * Changes the image, flags, environment and resources of one controller's Deployment.
 *
 * @throws ManifestError if the Deployment, its container, a feature gate, or a flag to be taken away is not there.
 */
export function tuneManager(
    manifests: readonly Manifest[],
    address: ManagerAddress,
    tuning: ManagerTuning,
): Manifest[] {
    const deployment = findManifest(manifests, "Deployment", address.deployment);
    return changeManifest(manifests, deployment, (copy) => {
        const container = findContainer(copy, address.container ?? "manager");
        if (tuning.image !== undefined) {
            container.image = tuning.image;
            // Upstream's development manifests say Always. An image that was loaded into the node, not pulled, then
            // never starts.
            container.imagePullPolicy = "IfNotPresent";
        }
        if (tuning.args !== undefined) {
            container.args = withFlags(copy, stringList(container.args), tuning.args);
        }
        if (tuning.featureGates !== undefined) {
            container.args = withFeatureGates(copy, stringList(container.args), tuning.featureGates);
        }
        if (Object.keys(tuning.env ?? {}).length > 0) {
            container.env = withEnvironment(asRecords(container.env), tuning.env ?? {});
        }
        if (tuning.requests !== undefined) {
            container.resources = { ...asRecord(container.resources), requests: { ...tuning.requests } };
        }
        setProbeTimeouts(container, tuning.probeTimeoutSeconds);
        setNodes(recordAt(copy, "spec", "template", "spec"), tuning.nodes);
        if (tuning.imagePullSecrets !== undefined) {
            recordAt(copy, "spec", "template", "spec").imagePullSecrets = tuning.imagePullSecrets;
        }
        if (tuning.strategy !== undefined) {
            recordAt(copy, "spec").strategy = { type: tuning.strategy };
        }
        if (tuning.drainSeconds !== undefined) {
            container.lifecycle = {
                ...asRecord(container.lifecycle),
                preStop: { sleep: { seconds: tuning.drainSeconds } },
            };
            const pod = recordAt(copy, "spec", "template", "spec");
            pod.terminationGracePeriodSeconds =
                tuning.drainSeconds + Number(pod.terminationGracePeriodSeconds ?? KUBERNETES_GRACE_SECONDS);
        }
    });
}

/**
 * The container of a Deployment by its name.
 *
 * @throws ManifestError that lists the containers there are.
 */
export function findContainer(deployment: Manifest, name: string): Record<string, unknown> {
    const containers = asRecords(recordAt(deployment, "spec", "template", "spec").containers);
    const found = containers.find((container) => container.name === name);
    if (found === undefined) {
        const there = containers.map((container) => String(container.name)).join(", ") || "none";
        throw new ManifestError(`${describe(deployment)} has no container ${name} (there: ${there})`);
    }
    return found;
}

function stringList(value: unknown): string[] {
    return Array.isArray(value) ? value.map(String) : [];
}

/** The flag's name in an argument: `--name=value`, `--name` and, as Go's flag package allows, `-name`. */
function flagName(argument: string): string | undefined {
    return /^--?([A-Za-z0-9][A-Za-z0-9-]*)(?:=|$)/.exec(argument)?.[1];
}

function withFlags(deployment: Manifest, args: string[], flags: Readonly<Record<string, FlagValue>>): string[] {
    const missing: string[] = [];
    let result = [...args];
    for (const [name, value] of Object.entries(flags)) {
        const at = result.findIndex((argument) => flagName(argument) === name);
        if (value === null) {
            if (at < 0) {
                missing.push(name);
            }
            result = result.filter((argument) => flagName(argument) !== name);
        } else if (at < 0) {
            result.push(`--${name}=${String(value)}`);
        } else {
            result = result.filter((argument, index) => index === at || flagName(argument) !== name);
            result[result.findIndex((argument) => flagName(argument) === name)] = `--${name}=${String(value)}`;
        }
    }
    if (missing.length > 0) {
        throw new ManifestError(
            `${describe(deployment)} has no flag ${missing.join(", ")} to take away (there: ${args.join(" ")})`,
        );
    }
    return result;
}

function withFeatureGates(deployment: Manifest, args: string[], gates: Readonly<Record<string, boolean>>): string[] {
    const at = args.findIndex((argument) => flagName(argument) === "feature-gates");
    const current = new Map(
        (args[at]?.slice("--feature-gates=".length) ?? "")
            .split(",")
            .filter((gate) => gate !== "")
            .map((gate): [string, string] => {
                const [name = "", value = ""] = gate.split("=");
                return [name, value];
            }),
    );
    const unknown = Object.keys(gates).filter((name) => !current.has(name));
    if (unknown.length > 0) {
        const there = [...current.keys()].join(", ") || "none";
        throw new ManifestError(
            `${describe(deployment)} lists no feature gate ${unknown.join(", ")} (there: ${there})`,
        );
    }
    for (const [name, value] of Object.entries(gates)) {
        current.set(name, String(value));
    }
    const result = [...args];
    if (at >= 0) {
        result[at] = `--feature-gates=${[...current].map(([name, value]) => `${name}=${value}`).join(",")}`;
    }
    return result;
}

function withEnvironment(
    current: Record<string, unknown>[],
    wanted: Readonly<Record<string, EnvironmentValue>>,
): Record<string, unknown>[] {
    const result = current.filter((variable) => !Object.hasOwn(wanted, String(variable.name)));
    for (const [name, value] of Object.entries(wanted)) {
        if (typeof value === "string") {
            result.push({ name, value });
        } else if ("later" in value) {
            result.push({ name, value: value.later });
        } else {
            result.push({ name, valueFrom: value.valueFrom });
        }
    }
    return result;
}

function setNodes(pod: Record<string, unknown>, nodes: ManagerTuning["nodes"]): void {
    const { nodeSelector = {}, tolerations = [] } = nodes ?? {};
    if (Object.keys(nodeSelector).length > 0) {
        pod.nodeSelector = { ...asRecord(pod.nodeSelector), ...nodeSelector };
    }
    if (tolerations.length > 0) {
        pod.tolerations = [...asRecords(pod.tolerations ?? []), ...tolerations];
    }
}

function setProbeTimeouts(container: Record<string, unknown>, timeoutSeconds: number | undefined): void {
    if (timeoutSeconds === undefined) {
        return;
    }
    for (const key of ["startupProbe", "livenessProbe", "readinessProbe"]) {
        const probe = asRecord(container[key]);
        if (probe !== undefined) {
            container[key] = { ...probe, timeoutSeconds };
        }
    }
}
