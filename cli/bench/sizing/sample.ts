import { z } from "zod";

/** Hosts whose power is changed in a lab, and at least in each conductor: first, last, and one in between. */
const HOSTS = { lab: 12, conductor: 3 };

const CONDUCTORS = z.object({ conductors: z.array(z.object({ hostname: z.string(), alive: z.boolean() })) });
const NODES = z.object({ nodes: z.array(z.object({ uuid: z.string(), power_state: z.string().nullable() })) });

/** A node of Ironic that a conductor has. */
export interface SyncNode {
    uuid: string;
    conductor: string;
    power: "power on" | "power off";
    /** Place among the conductor's nodes, from 0 on, in the order in which Ironic's power sync looks at them. */
    position: number;
}

/**
 * The nodes of all conductors. Ironic lists nodes in the order of their rows in the database, and so does a conductor's
 * power sync go through its own (Ironic, ConductorManager._sync_power_states). A node whose power is neither on nor off
 * is left out. Each conductor's are asked for by themselves: a list with the field `conductor` is an error of Ironic's
 * ("type object 'Node' has no attribute 'conductor'", 34.0.0).
 * @param get answers to a path of Ironic's API
 */
export async function allNodes(get: (path: string) => Promise<unknown>): Promise<SyncNode[]> {
    const { conductors } = CONDUCTORS.parse(await get("/v1/conductors"));
    const names = conductors.filter(({ alive }) => alive).map(({ hostname }) => hostname);
    const lists = names.map(async (conductor) => {
        const path = `/v1/nodes?conductor=${encodeURIComponent(conductor)}&fields=uuid,power_state`;
        return NODES.parse(await get(path)).nodes.flatMap(({ uuid, power_state: power }, position) =>
            power === "power on" || power === "power off" ? [{ uuid, conductor, power, position } as const] : [],
        );
    });
    return (await Promise.all(lists)).flat();
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
