import { CoreV1Api, type CoreV1Event, type KubeConfig } from "@kubernetes/client-node";
import { oneLine } from "../../tasks/wait-for-fleet/conditions";
import { withoutSecrets } from "./redact";
import { entryAt, type Entry } from "./timeline";

/** The fields of an Event that are read. */
export type EventFields = Pick<
    CoreV1Event,
    "reason" | "message" | "count" | "involvedObject" | "firstTimestamp" | "lastTimestamp" | "eventTime" | "type"
>;

/**
 * What Events say of objects. Kubernetes keeps them for a while, and counts those that repeat.
 * @param own kind of the thing that is looked at; an object of another kind is named
 */
export const eventEntries = (events: readonly EventFields[], own: string): Entry[] =>
    events.flatMap(({ reason, message, count, involvedObject, firstTimestamp, lastTimestamp, eventTime, type }) => {
        const { kind = "", name = "" } = involvedObject;
        const of = kind === own ? "" : `${kind} ${name}: `;
        const often = (count ?? 1) > 1 ? ` (${count} times, first at ${timeText(firstTimestamp)})` : "";
        const warning = type === "Warning" ? "WARNING: " : "";
        const text = withoutSecrets(`${warning}${of}${reason ?? ""}: ${oneLine(message)}${often}`);
        return entryAt(lastTimestamp ?? eventTime ?? firstTimestamp, "Event", text);
    });

const timeText = (time: Date | undefined): string =>
    time === undefined ? "an unknown time" : new Date(time).toISOString().slice(11, 19);

/** Reads the Events about these objects, one request for each name. */
export async function eventsOf(
    config: KubeConfig,
    namespace: string,
    names: readonly string[],
): Promise<CoreV1Event[]> {
    const core = config.makeApiClient(CoreV1Api);
    const lists = [...new Set(names)].map((name) =>
        core.listNamespacedEvent({ namespace, fieldSelector: `involvedObject.name=${name}` }),
    );
    return (await Promise.all(lists)).flatMap(({ items }) => items);
}
