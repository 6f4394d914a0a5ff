import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, fetch } from "undici";
import type { ConductorPlan } from "../../plan/plan";
import type { IronicNode } from "../../tasks/wait-for-fleet/evidence";
import type { RequestLog } from "../../tasks/wait-for-fleet/request-log";
import { ironicLogin, type IronicLogin } from "../bench/ironic-api";
import { secretOf } from "../bench/management";

/** What is asked of each node; with `driver` and `conductor_group` Ironic finds the node's conductor. */
const FIELDS = [
    ...["uuid", "provision_state", "reservation", "last_error", "maintenance", "maintenance_reason"],
    ...["driver", "conductor_group"],
];
/** Longest time for an answer, milliseconds: who asks for the state of a lab waits for all of it. */
const LIMIT_MS = 3000;

/** A node in Ironic's answer, with the fields that are read. */
interface ListedNode {
    uuid: string;
    provision_state: string;
    reservation: string | null;
    last_error: string | null;
    maintenance: boolean;
    maintenance_reason: string | null;
}

/** Asks Ironic for its nodes, conductor by conductor: not every version has a node's conductor in a list. */
export class IronicReader {
    private login: Promise<{ headers: IronicLogin["headers"]; dispatcher: Agent }> | undefined;

    constructor(
        private readonly config: KubeConfig,
        private readonly namespace: string,
        private readonly requests: RequestLog,
    ) {}

    /** @throws Error when Ironic is not reached, or does not answer in time */
    async read(endpoint: string, conductors: readonly ConductorPlan[]): Promise<IronicNode[]> {
        this.login ??= this.readLogin();
        const { headers, dispatcher } = await this.login.catch((error: unknown) => {
            this.login = undefined;
            throw error;
        });
        const lists = await Promise.all(
            conductors.map(async ({ host }) => {
                const query = new URLSearchParams({ conductor: host, fields: FIELDS.join(",") });
                const response = await this.requests.count("Ironic's nodes", () =>
                    fetch(`${endpoint}/v1/nodes?${query}`, {
                        dispatcher,
                        headers,
                        signal: AbortSignal.timeout(LIMIT_MS),
                    }),
                );
                if (!response.ok) {
                    throw new Error(`it answers ${response.status}`);
                }
                const { nodes } = (await response.json()) as { nodes: ListedNode[] };
                return nodes.map((node) => ironicNode(host, node));
            }),
        );
        return lists.flat();
    }

    private async readLogin(): Promise<{ headers: IronicLogin["headers"]; dispatcher: Agent }> {
        const { headers, ca } = await ironicLogin((name) =>
            this.requests.count("secrets", () => secretOf(this.config, this.namespace, name)),
        );
        return { headers, dispatcher: new Agent({ connect: { ca } }) };
    }
}

const ironicNode = (conductor: string, node: ListedNode): IronicNode => ({
    uuid: node.uuid,
    conductor,
    reservation: node.reservation,
    provisionState: node.provision_state,
    lastError: node.last_error,
    maintenance: node.maintenance,
    maintenanceReason: node.maintenance_reason,
});
