import { stringify } from "yaml";

/** A right in the whole cluster. */
export interface Right {
    /** API group; empty for the core group. */
    group: string;
    resource: string;
    verb: string;
}

const MANAGE = ["get", "list", "watch", "create", "update", "patch", "delete"];

interface Managed {
    group: string;
    resources: string[];
    /** Default: all that a manager of objects does. */
    verbs?: string[];
}

/** Resources that the program manages itself, by API group, and what it does with them. */
const MANAGED: Managed[] = [
    { group: "", resources: ["namespaces", "secrets", "configmaps", "services", "serviceaccounts"] },
    { group: "", resources: ["persistentvolumeclaims"] },
    { group: "", resources: ["pods", "events", "endpoints"], verbs: ["get", "list", "watch"] },
    { group: "apps", resources: ["deployments", "statefulsets"] },
    { group: "apps", resources: ["replicasets"], verbs: ["get", "list", "watch"] },
    { group: "discovery.k8s.io", resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
    // `escalate` and `bind`: the roles of the controllers hold rights that the program itself has no use for.
    {
        group: "rbac.authorization.k8s.io",
        resources: ["roles", "clusterroles"],
        verbs: [...MANAGE, "escalate", "bind"],
    },
    { group: "rbac.authorization.k8s.io", resources: ["rolebindings", "clusterrolebindings"] },
    { group: "apiextensions.k8s.io", resources: ["customresourcedefinitions"] },
    {
        group: "admissionregistration.k8s.io",
        resources: ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
    },
    { group: "storage.k8s.io", resources: ["storageclasses"], verbs: ["get", "list"] },
    { group: "cert-manager.io", resources: ["issuers", "certificates"] },
    { group: "clusterctl.cluster.x-k8s.io", resources: ["providers"] },
    { group: "metal3.io", resources: ["*"] },
    { group: "ipam.metal3.io", resources: ["*"] },
    { group: "cluster.x-k8s.io", resources: ["*"] },
    { group: "infrastructure.cluster.x-k8s.io", resources: ["*"] },
    { group: "bootstrap.cluster.x-k8s.io", resources: ["*"] },
    { group: "controlplane.cluster.x-k8s.io", resources: ["*"] },
    { group: "ipam.cluster.x-k8s.io", resources: ["*"] },
    { group: "addons.cluster.x-k8s.io", resources: ["*"] },
    { group: "runtime.cluster.x-k8s.io", resources: ["*"] },
];

/** What the lab manages besides where `clusterWideTuning` asks for it. */
const MANAGED_BY_TUNING = [
    {
        group: "admissionregistration.k8s.io",
        resources: ["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"],
    },
];

/**
 * What `clusterctl upgrade apply` needs besides: it looks among the objects of every kind for those of the version
 * before, and deletes them, among them what Kubernetes derives from their Services.
 */
const MANAGED_BY_UPGRADE: Managed[] = [
    { group: "*", resources: ["*"], verbs: ["list"] },
    { group: "", resources: ["endpoints"], verbs: ["delete"] },
    { group: "discovery.k8s.io", resources: ["endpointslices"], verbs: ["delete"] },
];

const rulesOf = (managed: readonly Managed[]): { apiGroups: string[]; resources: string[]; verbs: string[] }[] =>
    managed.map(({ group, resources, verbs = MANAGE }) => ({ apiGroups: [group], resources, verbs }));

/**
 * The rights one by one.
 * @param tuning whether the lab changes what holds for the whole cluster
 * @param upgrade whether it gets another version of Cluster API
 */
export const requiredRights = (tuning: boolean, upgrade: boolean): Right[] =>
    [...MANAGED, ...(tuning ? MANAGED_BY_TUNING : []), ...(upgrade ? MANAGED_BY_UPGRADE : [])].flatMap(
        ({ group, resources, verbs = MANAGE }: Managed) =>
            resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
    );

/** Name of the first role in docs/existing-role.yaml. */
export const EXISTING_ROLE = "metal3-scale-lab";

const clusterRole = (name: string, managed: readonly Managed[]): string =>
    stringify({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name },
        rules: rulesOf(managed),
    });

/** The text of docs/existing-role.yaml: the ClusterRoles of whoever brings such a lab up or upgrades it. */
export const existingRole = (): string =>
    [
        "# The rights of whoever brings up a lab in a cluster that is there (see existing.md). `npm run docs` prints",
        "# it from plan/existing-rights.ts, which `up` holds against the rights that it has. With `clusterWideTuning`",
        "# the lab also writes mutatingadmissionpolicies and mutatingadmissionpolicybindings of",
        "# admissionregistration.k8s.io.",
        `${clusterRole(EXISTING_ROLE, MANAGED)}---`,
        "# What another version of Cluster API needs besides.",
        clusterRole(`${EXISTING_ROLE}-upgrade`, MANAGED_BY_UPGRADE),
    ].join("\n");
