/**
 * Annotation of a paused Cluster: the number of hosts that it waits for. Once that many of the hosts assigned to it
 * are available, FKAS releases it: it removes this annotation and the pause. Also an annotation of a paused
 * BareMetalHost, whatever its value: FKAS releases the host once there is room among the hosts in progress.
 */
export const QUEUED_ANNOTATION = "queue.metal3-scale-lab/queued";
/** What earlier versions wrote instead of it. Pulumi did not ignore its changes, because no dot is in its name. */
export const FORMER_QUEUED_ANNOTATION = "metal3-scale-lab/queued";

/** The value of QUEUED_ANNOTATION, under either name; undefined: the object is not in the queue. */
export const queuedValue = (annotations: Record<string, string> = {}): string | undefined =>
    annotations[QUEUED_ANNOTATION] ?? annotations[FORMER_QUEUED_ANNOTATION];

/** Annotation of an object that was queued: the time at which FKAS released it. */
export const RELEASED_ANNOTATION = "queue.metal3-scale-lab/released";
