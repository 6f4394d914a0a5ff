import { z } from "zod";

/** Hosts whose power is changed in a lab, and at least in each conductor: first, last, and one in between. */
const HOSTS = { lab: 12, conductor: 3 };

const NODES = z.object({
    nodes: z.array(
        z.object({
            uuid: z.string(),
            conductor: z.string().nullable(),
            power_state: z.enum(["power on", "power off"]).nullable(),
        }),
    ),
});

/** What {@link parseNodes} reads of each node. */
export const NODES_PATH = "/v1/nodes?fields=uuid,conductor,power_state";

/** A node of Ironic that a conductor has. */
export interface SyncNode {
    uuid: string;
    conductor: string;
    power: "power on" | "power off";
    /** Place among the conductor's nodes, from 0 on, in the order in which Ironic's power sync looks at them. */
    position: number;
}

/**
 * Reads Ironic's answer to {@link NODES_PATH}. It lists nodes in the order of their rows in the database, and so does
 * a conductor's power sync go through its own (Ironic, ConductorManager._sync_power_states). A node without a conductor
 * or a power state is left out.
 */
export function parseNodes(body: unknown): SyncNode[] {
    const counts = new Map<string, number>();
    return NODES.parse(body).nodes.flatMap(({ uuid, conductor, power_state: power }) => {
        if (conductor === null || power === null) {
            return [];
        }
        const position = counts.get(conductor) ?? 0;
        counts.set(conductor, position + 1);
        return [{ uuid, conductor, power, position }];
    });
}

/** The nodes whose power is changed: of each conductor the first one, the last one, and some evenly between. */
export function sample(nodes: readonly SyncNode[]): SyncNode[] {
    const conductors = [...new Set(nodes.map(({ conductor }) => conductor))];
    const each = Math.max(HOSTS.conductor, Math.ceil(HOSTS.lab / Math.max(1, conductors.length)));
    return conductors.flatMap((name) => {
        const own = nodes.filter(({ conductor }) => conductor === name);
        const count = Math.min(each, own.length);
        const places = Array.from({ length: count }, (_, index) =>
            Math.round((index * (own.length - 1)) / Math.max(1, count - 1)),
        );
        return places.map((place) => own[place] as SyncNode);
    });
}

/**
 * A line of a conductor's log with the time that the kubelet puts before it. Ironic writes it whenever its power sync
 * finds another power state than it knows (do_sync_power_state), whether or not it then changes the hardware back.
 */
const FOUND = /^(\S+) .*During sync_power_state, node (\S+) state .*does not match expected state/;

/**
 * When the power sync found each node, by its UUID: the first time in the log. Unix time in milliseconds.
 * @param since what came before does not count
 */
export function foundIn(log: string, since: number): Map<string, number> {
    const found = new Map<string, number>();
    for (const line of log.split("\n")) {
        const [, time = "", node = ""] = FOUND.exec(line) ?? [];
        const at = Date.parse(time);
        if (at >= since && !found.has(node)) {
            found.set(node, at);
        }
    }
    return found;
}
