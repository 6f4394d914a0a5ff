import { oneLine } from "../../tasks/wait-for-fleet/conditions";
import type { IronicNode } from "../../tasks/wait-for-fleet/evidence";
import { IronicApi } from "../bench/ironic-api";
import type { ManagementCluster } from "../bench/management";
import { withoutSecrets } from "./redact";
import { entryAt, type Entry } from "./timeline";

/** What Ironic says of one node. */
export interface IronicLook {
    node: IronicNode;
    state: string;
    conductor: string;
    reservation: string | undefined;
    lastError: string | undefined;
    maintenance: string | undefined;
    /** What it has noted of the node's past: nothing in a lab, which switches that off. */
    history: Entry[];
}

/** Longest time for an answer, milliseconds: who looks at a host waits for all of it. */
const LIMIT_MS = 5000;

const FIELDS = [
    ...["uuid", "provision_state", "target_provision_state", "power_state", "reservation", "last_error"],
    ...["maintenance", "maintenance_reason", "conductor"],
];

/** The fields that are read of a node. */
export interface NodeAnswer {
    uuid: string;
    provision_state: string;
    target_provision_state?: string | null;
    power_state?: string | null;
    reservation: string | null;
    last_error: string | null;
    maintenance: boolean;
    maintenance_reason: string | null;
    conductor?: string | null;
}

/** The fields that are read of an entry of a node's history. */
export interface HistoryAnswer {
    created_at?: string | null;
    event?: string | null;
    event_type?: string | null;
    severity?: string | null;
}

/** Asks Ironic for a node and its history. @throws Error when Ironic is not reached, or does not know the node */
export async function askIronic(cluster: ManagementCluster, endpoint: string, uuid: string): Promise<IronicLook> {
    const api = await IronicApi.of(cluster, endpoint);
    try {
        const path = `/v1/nodes/${uuid}`;
        const { body } = await api.get(`${path}?fields=${FIELDS.join(",")}`, LIMIT_MS);
        // An Ironic without a history answers 404.
        const { body: noted } = await api.get(`${path}/history?detail=true`, LIMIT_MS).catch(() => ({ body: {} }));
        return ironicLook(body as NodeAnswer, (noted as { history?: HistoryAnswer[] }).history ?? []);
    } finally {
        await api.close();
    }
}

export function ironicLook(answer: NodeAnswer, history: readonly HistoryAnswer[]): IronicLook {
    const target = answer.target_provision_state;
    return {
        node: {
            uuid: answer.uuid,
            conductor: answer.conductor ?? "",
            reservation: answer.reservation,
            provisionState: answer.provision_state,
            lastError: answer.last_error,
            maintenance: answer.maintenance,
            maintenanceReason: answer.maintenance_reason,
        },
        state: [
            answer.provision_state,
            ...(target ? [`on its way to ${target}`] : []),
            ...(answer.power_state ? [answer.power_state] : []),
        ].join(", "),
        conductor: answer.conductor ?? "",
        reservation: answer.reservation ?? undefined,
        lastError: answer.last_error === null ? undefined : withoutSecrets(oneLine(answer.last_error)),
        maintenance: answer.maintenance ? oneLine(answer.maintenance_reason ?? "") || "yes" : undefined,
        history: history.flatMap(({ created_at, event, event_type, severity }) => {
            const head = [severity, event_type].filter(Boolean).join(" ");
            const text = withoutSecrets(oneLine(event ?? ""));
            return entryAt(created_at, "Ironic", head === "" ? text : `${head}: ${text}`);
        }),
    };
}
