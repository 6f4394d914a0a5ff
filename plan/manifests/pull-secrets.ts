import type { LabConfig } from "../config/keys";

/** The part of a pod's specification that names the Secrets by which its images may be pulled. */
export interface PodPullSecrets {
    imagePullSecrets?: { name: string }[];
}

/**
 * What every pod of the lab has of the key `imagePullSecrets`: spread it into the pod's specification. Empty without
 * the key, so that a lab that does not use it keeps its pods as they are.
 */
export const podPullSecrets = ({ imagePullSecrets }: Pick<LabConfig, "imagePullSecrets">): PodPullSecrets =>
    imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) };
