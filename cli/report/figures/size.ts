import type { RunRecord } from "../../record/record";
import { moments } from "./events";

type Sized = Pick<RunRecord, "header">;

/** Numbers of hosts and clusters that a lab had before a run: they are not the run's. */
export const hostsBefore = ({ header }: Sized): number => header.existing ?? 0;
export const clustersBefore = ({ header }: Sized): number => header.existingClusters ?? 0;

/** Numbers of hosts and clusters that came with a run. */
export const newHosts = (record: Sized): number => record.header.hosts - hostsBefore(record);
export const newClusters = (record: Sized): number => record.header.clusters - clustersBefore(record);

/** By how many what a run took is divided: the hosts that came with it, or the clusters where no host did. */
export const shares = (record: Sized): number => Math.max(1, newHosts(record) || newClusters(record));

/** How many hosts the lab had at a moment of a run, those that wait in the queue left out. */
export function hostsAt(record: RunRecord): (t: number) => number {
    const released = moments(record, "hosts", "created");
    return (t) => hostsBefore(record) + released.filter((at) => at <= t).length;
}
