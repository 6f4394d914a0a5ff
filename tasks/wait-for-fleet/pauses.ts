import type { ObjectMetadata } from "../../lib/kubernetes";
import { BMO_PAUSED_ANNOTATION, PAUSED_ANNOTATION, queuedValue } from "../../plan/manifests/cluster-objects";

/** The field with which a Cluster is paused. */
const PAUSED_FIELD = "spec.paused";

/** The field or annotation by which somebody has paused an object. */
export type PausedBy = typeof PAUSED_FIELD | typeof PAUSED_ANNOTATION | typeof BMO_PAUSED_ANNOTATION;

/** A Cluster, as far as its pauses concern. */
export interface PausableCluster {
    metadata?: ObjectMetadata;
    spec?: { paused?: boolean };
}

/** What pauses a Cluster. What FKAS has queued is paused by the lab itself, which lets it go. */
export const clusterPausedBy = ({ metadata, spec }: PausableCluster): PausedBy[] => [
    ...(spec?.paused === true ? [PAUSED_FIELD as PausedBy] : []),
    ...(isPausedByHand(metadata, PAUSED_ANNOTATION) ? [PAUSED_ANNOTATION as PausedBy] : []),
];

/** What pauses a BareMetalHost that the lab has not queued; undefined: nothing. */
export const hostPausedBy = ({ metadata }: { metadata?: ObjectMetadata }): PausedBy | undefined =>
    isPausedByHand(metadata, BMO_PAUSED_ANNOTATION) ? BMO_PAUSED_ANNOTATION : undefined;

const isPausedByHand = (metadata: ObjectMetadata | undefined, annotation: string): boolean =>
    annotation in (metadata?.annotations ?? {}) && queuedValue(metadata?.annotations) === undefined;

/** What pauses an object, in words. */
export const pausedText = (by: PausedBy): string => (by === PAUSED_FIELD ? `its field ${by}` : `its annotation ${by}`);

/** The command that takes a pause off. */
export const unpauseCommand = (
    namespace: string,
    kind: "Cluster" | "BareMetalHost",
    name: string,
    by: PausedBy,
): string =>
    by === PAUSED_FIELD
        ? `kubectl -n ${namespace} patch cluster ${name} --type merge -p '{"spec":{"paused":false}}'`
        : `kubectl -n ${namespace} annotate ${kind.toLowerCase()} ${name} ${by}-`;
