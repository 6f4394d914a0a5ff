import * as semver from "semver";
import { compareVersions } from "../compare-versions";
import { PART_VERSIONS, readPartVersions, UNNAMED, VERSION_KEY } from "../part-versions";

/** The fields of a resource's outputs that name a version. */
export interface VersionOutputs {
    environment?: Record<string, unknown>;
    labels?: { label?: string; value?: string }[] | undefined;
    metadata?: { annotations?: Record<string, string>; labels?: Record<string, string> };
}

/** Parts that one resource is, by its type and name. */
const PARTS: [resource: RegExp, part: string][] = [
    [/^docker:index\/container:Container kubernetes-(control-plane|worker-\d+-container)$/, "kubernetes"],
    [/^docker:index\/container:Container pair-\d+-sushy-tools$/, "sushyTools"],
    [/^kubernetes:apps\/v1:Deployment pair-\d+-deployment$/, "sushyTools"],
    [/^kubernetes:apps\/v1:Deployment bmo-deployment-/, "bmo"],
    [/^kubernetes:apps\/v1:StatefulSet ironic-statefulset-ironic-mariadb$/, "mariadb"],
];

/** Parts that the task which installs Cluster API installs. */
const INSTALLED = ["capi", "capm3", "ipam"];

/**
 * Versions of the parts that a resource is.
 * @param resource its type and its name in Pulumi, with a space between them
 */
export function versionsNamedBy(resource: string, outputs: VersionOutputs): Record<string, string> {
    if (resource === "command:local:Command cluster-api") {
        const named = outputs.environment?.[PART_VERSIONS];
        const read = readPartVersions(typeof named === "string" ? named : undefined);
        return Object.fromEntries(INSTALLED.map((part) => [part, read[part] ?? (UNNAMED[part] as string)]));
    }
    const { annotations = {}, labels = {} } = outputs.metadata ?? {};
    if (resource.startsWith("kubernetes:apps/v1:Deployment") && labels["app.kubernetes.io/component"] === "conductor") {
        // The chart's labels say the version (charts/ironic): the reference of an image does not.
        const version = semver.valid(labels["app.kubernetes.io/version"]);
        return version === null ? {} : { ironic: version };
    }
    const part = PARTS.find(([pattern]) => pattern.test(resource))?.[1];
    const label = outputs.labels?.find((each) => each.label === VERSION_KEY)?.value;
    const version = part && (label ?? annotations[VERSION_KEY] ?? UNNAMED[part]);
    return part === undefined || version === undefined ? {} : { [part]: version };
}

/** The versions of both, and of a part that both name the higher one. */
export function highest(one: Record<string, string>, other: Record<string, string>): Record<string, string> {
    const higher = Object.entries(other).filter(([part, version]) => compareVersions(version, one[part] ?? "0") > 0);
    return { ...one, ...Object.fromEntries(higher) };
}
