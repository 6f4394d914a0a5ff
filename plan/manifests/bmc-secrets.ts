import type { Manifest } from "./documents";

/** As in firmware-schemas.ts: of v1beta1 Pulumi's provider says wrongly that it was removed. */
const API = "admissionregistration.k8s.io/v1alpha1";
const NAME = "bmc-secrets-without-cluster";

/** Cluster API's label of what belongs to a cluster, as a path of a JSON patch. */
const LABEL = "cluster.x-k8s.io/cluster-name";

/** BMO's label of a Secret that it reads. */
const READ_BY_BMO = "environment.metal3.io";

/** CAPM3's Deployment runs as a ServiceAccount of its own. */
const CAPM3 = "system:serviceaccount:capm3-system:capm3-manager";

const value = (object: string): string => `${object}.metadata.?labels[?"${LABEL}"].orValue("")`;

/**
 * kube-apiserver notes in managedFields who set the label before policies are asked, so the notes have to be those from
 * before as well: a Secret with other notes is another Secret.
 */
const AS_BEFORE = ["labels", "managedFields"]
    .map((field) => `[JSONPatch{op: "replace", path: "/metadata/${field}", value: oldObject.metadata.${field}}]`)
    .join(" + ");

/**
 * Keeps CAPM3 from changing the Secrets of BMCs. CAPM3 labels the Secret of a host with the cluster when a machine takes
 * the host, and removes the label when the machine lets go of it (v1.13.2, metal3machine_manager.go). BMO takes any new
 * resourceVersion of the Secret for new credentials and registers the host again, in the middle of its provisioning
 * (v0.13.2). Nothing in the lab reads the label: it is for `clusterctl move`.
 */
export const unlabelledBmcSecrets = (namespace: string): Manifest[] => [
    {
        apiVersion: API,
        kind: "MutatingAdmissionPolicy",
        metadata: { name: NAME },
        spec: {
            matchConstraints: {
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
                resourceRules: [
                    { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["secrets"] },
                ],
            },
            matchConditions: [
                { name: "by-capm3", expression: `request.userInfo.username == "${CAPM3}"` },
                {
                    name: "of-a-bmc",
                    expression:
                        "has(oldObject.metadata.labels) && has(oldObject.metadata.managedFields) && " +
                        `"${READ_BY_BMO}" in oldObject.metadata.labels`,
                },
                { name: "labelled", expression: `${value("object")} != ${value("oldObject")}` },
            ],
            // A host that is registered twice is slower, and no harm otherwise.
            failurePolicy: "Ignore",
            reinvocationPolicy: "Never",
            mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: AS_BEFORE } }],
        },
    },
    { apiVersion: API, kind: "MutatingAdmissionPolicyBinding", metadata: { name: NAME }, spec: { policyName: NAME } },
];
