import { errorText } from "../../../lib/error-text";
import { waitUntil, WaitTimeout } from "../../../lib/wait-until";
import { HOSTS } from "../../../tasks/wait-for-fleet/reader";
import type { IronicApi } from "../ironic-api";
import type { ManagementCluster } from "../management";
import { CONDUCTORS } from "../way-to-ironic";
import { Bmc } from "./bmc";
import type { Sighting } from "./row";
import { allNodes, foundIn, sample, type SyncNode } from "./sample";
import { sightingSeconds } from "./steps";

/** Pause between two looks into the conductors' logs. */
const LOOK_MS = 10_000;
/** Clocks of a lab on this machine are one; the kubelet cuts logs at whole seconds. */
const LOG_MARGIN_SECONDS = 5;

/** Parts of a BareMetalHost that lead to its BMC, and to its node in Ironic. */
interface BmcOwner {
    spec?: { bmc?: { address?: string; credentialsName?: string } };
    status?: { provisioning?: { ID?: string } };
}

/**
 * Changes the power of some hosts at their BMCs, all at the same moment, and waits until the power syncs of their
 * conductors have found each. Ironic then sets the power back by itself.
 * @param intervalSeconds between two power syncs
 */
export async function watchPowerSync(
    cluster: ManagementCluster,
    ironic: IronicApi,
    intervalSeconds: number,
    say: (text: string) => void,
): Promise<Sighting[]> {
    const nodes = sample(await allNodes(async (path) => (await ironic.get(path)).body));
    const bmcs = await bmcsOf(cluster, nodes);
    const changed = await Promise.all(
        nodes.map(async ({ power }, index) => (bmcs[index] as Bmc).change(power === "power on" ? "Off" : "On")),
    );
    const since = Math.min(...changed.map((date) => date.getTime()));
    const seen = new Map<string, number>();
    const missing = (): SyncNode[] => nodes.filter(({ uuid }) => !seen.has(uuid));
    await waitUntil({
        what: `the power sync to find ${nodes.length} hosts whose power was changed`,
        timeoutMs: sightingSeconds(intervalSeconds) * 1000,
        everyMs: LOOK_MS,
        look: async () => {
            const seconds = Math.ceil((Date.now() - since) / 1000) + LOG_MARGIN_SECONDS;
            for (const log of await cluster.logs(CONDUCTORS, "ironic", seconds)) {
                foundIn(log, since).forEach((time, uuid) => seen.set(uuid, seen.get(uuid) ?? time));
            }
            const rest = missing().length;
            return rest === 0 ? { done: true } : { pending: [`${rest} were not found`] };
        },
    }).catch((error: unknown) => {
        // Hosts that are not found are a result, and not the end of the benchmark.
        if (!(error instanceof WaitTimeout)) {
            throw error;
        }
        say(errorText(error));
    });
    return nodes.map(({ uuid, conductor, position }, index) => {
        const time = seen.get(uuid);
        return {
            node: uuid,
            conductor,
            position,
            changed: (changed[index] as Date).toISOString(),
            seen: time === undefined ? null : new Date(time).toISOString(),
        };
    });
}

/** @throws Error when a node has no BareMetalHost, or that has no BMC */
async function bmcsOf(cluster: ManagementCluster, nodes: readonly SyncNode[]): Promise<Bmc[]> {
    const owners = new Map(
        ((await cluster.list(HOSTS)) as BmcOwner[]).map(({ spec, status }) => [status?.provisioning?.ID, spec?.bmc]),
    );
    return Promise.all(
        nodes.map(async ({ uuid }) => {
            const { address, credentialsName } = owners.get(uuid) ?? {};
            if (address === undefined || credentialsName === undefined) {
                throw new Error(`Ironic's node ${uuid} has no BareMetalHost with a BMC`);
            }
            const { username = "", password = "" } = await cluster.secret(credentialsName);
            return new Bmc(address, { username, password });
        }),
    );
}
