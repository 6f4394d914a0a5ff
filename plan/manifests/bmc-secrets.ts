import type { Manifest } from "./documents";
import { mutatingPolicy } from "./mutating-policy";

/** CAPM3's user, as upstream's manifests name its ServiceAccount. */
const CAPM3 = "system:serviceaccount:capm3-system:capm3-manager";

/** Label of the Secrets that BMO has taken as credentials of a host (v0.13.2, pkg/secretutils). */
const BMO_SECRETS = { "environment.metal3.io": "baremetal" };

/** The path of the label, as JSON Pointer writes the slash in its name. */
const LABEL = "cluster.x-k8s.io/cluster-name";
const PATH = `/metadata/labels/${LABEL.replace("/", "~1")}`;
const has = (object: string): string =>
    `has(${object}.metadata.labels) && ${JSON.stringify(LABEL)} in ${object}.metadata.labels`;

/** The label as it was before, and the notes about who set which field as they were. */
const MUTATION = `(${has("oldObject")}
    ? [JSONPatch{op: "add", path: "${PATH}", value: oldObject.metadata.labels["${LABEL}"]}]
    : (${has("object")} ? [JSONPatch{op: "remove", path: "${PATH}"}] : []))
+ (has(oldObject.metadata.managedFields)
    ? [JSONPatch{op: "replace", path: "/metadata/managedFields", value: oldObject.metadata.managedFields}]
    : [])`;

/**
 * Keeps CAPM3 from changing the Secrets with the BMCs' credentials. CAPM3 labels the Secret of a host with the cluster
 * that takes it, and removes the label when the cluster lets it go (v1.13.2, metal3machine_manager.go; clusterctl move
 * looks for it). BMO takes any change of the Secret for new credentials, and registers the host anew in the middle of
 * its provisioning or deprovisioning. Without the label and the notes about it, kube-apiserver has nothing to write, so
 * that the Secret's resourceVersion, which BMO compares, stays.
 */
export const unlabelledBmcSecrets = (): Manifest[] =>
    mutatingPolicy({
        name: "bmc-secrets-without-cluster",
        matchConstraints: {
            objectSelector: { matchLabels: BMO_SECRETS },
            resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["secrets"] }],
        },
        condition: { name: "by-capm3", expression: `request.userInfo.username == "${CAPM3}"` },
        // Where it fails, a Secret that changed is registered once more, which costs time and nothing else.
        jsonPatch: MUTATION,
    });
