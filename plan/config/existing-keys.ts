import { z } from "zod";
import { derived, withDefault } from "./definition";
import * as values from "./values";

const SCHEDULING = "Restarts the pods of the lab's own parts, on nodes that fit.";

/** A name as Kubernetes has it (RFC 1123 label). */
const label = z
    .string()
    .regex(
        /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
        "must be up to 63 lower-case letters, digits or -, none of - at an end",
    );

/** Keys of the substrate `existing`. With another substrate they must not be set. */
export const existingKeys = {
    kubeconfig: derived(z.string().min(1, "must be the path of a kubeconfig"), {
        meaning: "Path of the kubeconfig for the cluster that the lab stands in. It is read at each run.",
        range: "path of a file; `~/` is the home directory",
        unset: "`$KUBECONFIG`, or `~/.kube/config`",
        effects: ["in place"],
        onChange: "Another file is fine, for instance on another machine, as long as it leads to the same cluster.",
    }),
    kubeContext: derived(z.string().min(1, "must be the name of a context"), {
        meaning: "Context of the kubeconfig.",
        range: "name of a context",
        unset: "the kubeconfig's current context",
        effects: ["in place"],
        onChange: "Another one is fine as long as it leads to the same cluster.",
    }),
    namespace: withDefault(label, "metal3", {
        meaning: "Namespace of Ironic, the fake nodes, the hosts and the clusters. It must not be there yet.",
        range: "name of a namespace",
        effects: ["another lab"],
        onChange: "Refused: nothing moves from one namespace to another.",
    }),
    storageClass: derived(z.string().min(1, "must be the name of a StorageClass"), {
        meaning: "StorageClass for the data of the database.",
        range: "name of a StorageClass",
        unset: "the cluster's default class",
        effects: ["another lab"],
        onChange: "Refused: a volume keeps the class that it has.",
    }),
    nodeSelector: withDefault(values.textMap, "{}", {
        meaning: "Labels of the nodes on which the lab's own parts run: `{LABEL: VALUE}`.",
        range: "labels of nodes",
        effects: ["restarts pods", "restarts the pairs"],
        onChange: SCHEDULING,
    }),
    tolerations: withDefault(values.tolerations, "[]", {
        meaning: "Taints that the lab's own parts tolerate: `[{key, operator, value, effect}]`, as in a pod.",
        range: "list of tolerations",
        effects: ["restarts pods", "restarts the pairs"],
        onChange: SCHEDULING,
    }),
    clusterWideTuning: withDefault(values.flag, "false", {
        meaning:
            "Whether the lab changes what holds for the whole cluster, as it does in a cluster of its own: " +
            "conditions of webhooks, versions of resources that are not served, admission policies.",
        range: "`true`, `false`",
        effects: ["restarts pods"],
        onChange: "Converges: the webhooks, versions and policies change with it.",
    }),
} as const;
