import type { Chain } from "./chains";
import { pairContainers, pairOf, serviceIn, type KnownLab } from "./lab-parts";
import { unpauseCommand } from "./pauses";

/** Of what holds a lab up: a pod's volume that nobody provides. */
const UNBOUND = /unbound immediate PersistentVolumeClaims/;

/** How a part says that somebody has scaled it to 0. */
const SCALED_TO_0 = /scaled to 0/;

/** How the API server says that an admission webhook has refused an object. */
const WEBHOOK_DENIES = /admission webhook "[^"]*" denied/;

/** How the API server says that an admission policy has refused an object. */
const POLICY_DENIES = /ValidatingAdmissionPolicy '([^']+)'/;

/** How Docker says that a container is paused: `Up 5 minutes (Paused)`. */
const CONTAINER_PAUSED = /\(Paused\)/;

/** How BMO says that it does not get through to a BMC. */
const BMC_TROUBLE = /redfish|power|registration/i;

/** Commands of the lab that are proposed, each with the stack's name where it needs one. */
export interface Commands {
    /** Makes again what somebody has deleted. */
    refresh: string;
    /** Shows more of a host or a cluster. */
    lookAt: (name: string) => string;
}

/**
 * Commands that show more of what holds a chain up, or end it. What does not exist, or was stopped, has nothing more
 * to say.
 */
export function nextSteps(chain: Chain, lab: KnownLab, { refresh, lookAt }: Commands): string[] {
    const { kind, name, root, says, lost, pausedBy } = chain;
    const { namespace } = lab;
    if (SCALED_TO_0.test(says)) {
        const [place, workload] = name.split("/");
        return [`kubectl -n ${place} scale ${kind.toLowerCase()} ${workload} --replicas 1`];
    }
    if (lost !== undefined) {
        return [lost === "start" ? `docker start ${name}` : refresh];
    }
    if (pausedBy !== undefined && (root.kind === "Cluster" || root.kind === "BareMetalHost")) {
        return [unpauseCommand(namespace, root.kind, root.name, pausedBy)];
    }
    const service = serviceIn(says);
    if (service?.isWebhook === true) {
        return [`kubectl -n ${service.namespace} get deployments,pods`];
    }
    switch (root.kind) {
        case "Deployment":
        case "StatefulSet": {
            const [place, workload] = name.split("/");
            return UNBOUND.test(says)
                ? [`kubectl -n ${place} describe persistentvolumeclaims`]
                : [`kubectl -n ${place} describe ${kind.toLowerCase()} ${workload}`];
        }
        case "Container":
            return [CONTAINER_PAUSED.test(says) ? `docker unpause ${name}` : `docker logs --tail 50 ${name}`];
        case "Node":
            return [`kubectl describe node ${name}`];
        case "host":
            return [`kubectl -n ${namespace} get baremetalhosts`];
        case "BareMetalHost":
        case "Cluster":
            return [lookAt(root.name), ...bmcLog(), ...whoAnswers(), ...whoRefuses()];
        default:
            return [`kubectl -n ${namespace} describe ${root.kind.toLowerCase()} ${root.name}`, ...whoRefuses()];
    }

    /** What should have answered: the Service, with the addresses behind it. */
    function whoAnswers(): string[] {
        return service === undefined ? [] : [`kubectl -n ${service.namespace} describe service ${service.name}`];
    }

    /** What has refused an object. */
    function whoRefuses(): string[] {
        const policy = POLICY_DENIES.exec(says)?.[1];
        if (policy !== undefined) {
            return [`kubectl describe validatingadmissionpolicy ${policy}`];
        }
        return WEBHOOK_DENIES.test(says)
            ? ["kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations"]
            : [];
    }

    /** Where a host's BMC says what it was asked. */
    function bmcLog(): string[] {
        const pair = root.kind === "BareMetalHost" && BMC_TROUBLE.test(says) ? pairOf(lab, root.name) : undefined;
        if (pair === undefined) {
            return [];
        }
        const [sushyTools] = pairContainers(lab, pair);
        return sushyTools === undefined
            ? [`kubectl -n ${namespace} logs deploy/${pair} -c sushy-tools --tail 50`]
            : [`docker logs --tail 50 ${sushyTools}`];
    }
}
