import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
// eslint-disable-next-line import-x/no-restricted-paths -- data: FKAS itself declares the rights that it needs
import rules from "../services/fkas/internal/access/rules.json";

/** Name of FKAS's ServiceAccount, and of its Role and RoleBinding, in the lab's namespace. */
const NAME = "fkas";

/** Name of its ClusterRole and ClusterRoleBinding. */
const CLUSTER_WIDE_NAME = "metal3-scale-lab-fkas";

/** How the lab runs FKAS, as far as its rights depend on it. */
export interface AccessFlags {
    /** Whether FKAS creates the Secrets of a Cluster before Cluster API does. */
    precreateSecrets: boolean;
    /** Whether an FKAS of the lab releases queued hosts. */
    releasesHosts: boolean;
    /** Whether FKAS publishes the address at which its Services are reached. */
    publishesAddress: boolean;
}

export interface AccessArgs extends AccessFlags {
    namespace: pulumi.Input<string>;
}

/** Where a rule holds: in every namespace, or in the one that holds FKAS's registrations. */
export type Scope = "cluster" | "registrations";

/**
 * The rules of rules.json that FKAS needs, in the form of an RBAC role: one rule a resource.
 * @throws Error when rules.json has a condition that is not known here.
 */
export function policyRules(scope: Scope, flags: AccessFlags): kubernetes.types.input.rbac.v1.PolicyRule[] {
    const holds = new Map<string | undefined, boolean>([
        [undefined, true],
        // The lab leaves --orphan-grace at its default, 30 s.
        ["--orphan-grace > 0", true],
        ["--hosts-at-once", flags.releasesHosts],
        // Instance 0 of every lab assigns hosts. All instances have the same rights.
        ["--assign-hosts=true", true],
        ["--precreate-secrets=true", flags.precreateSecrets],
        ["--precreate-secrets=false", !flags.precreateSecrets],
        ["--service-address", flags.publishesAddress],
    ]);
    const verbs = new Map<string, Set<string>>();
    for (const rule of rules.filter((each) => each.scope === scope)) {
        const held = holds.get(rule.only);
        if (held === undefined) {
            throw new Error(`services/fkas/internal/access/rules.json: "${rule.only}" is not a condition`);
        }
        if (held) {
            const resource = `${rule.apiGroup}/${rule.resource}`;
            verbs.set(resource, new Set([...(verbs.get(resource) ?? []), ...rule.verbs]));
        }
    }
    return [...verbs].map(([resource, allowed]) => {
        // A resource may hold a slash itself: services/status.
        const [apiGroup = "", ...name] = resource.split("/");
        return { apiGroups: [apiGroup], resources: [name.join("/")], verbs: [...allowed] };
    });
}

/** FKAS's ServiceAccount and the bindings without which it cannot start. */
export interface Access {
    account: kubernetes.core.v1.ServiceAccount;
    bindings: pulumi.Resource[];
}

/** Creates the ServiceAccount of all FKAS and grants it the rights that FKAS declares. */
export function createAccess(name: string, args: AccessArgs, opts: pulumi.CustomResourceOptions): Access {
    const { namespace } = args;
    const rbac = kubernetes.rbac.v1;
    const account = new kubernetes.core.v1.ServiceAccount(
        `${name}-account`,
        { metadata: { name: NAME, namespace } },
        opts,
    );
    const subjects = [{ kind: "ServiceAccount", name: account.metadata.name, namespace }];
    const clusterRole = new rbac.ClusterRole(
        `${name}-role`,
        { metadata: { name: CLUSTER_WIDE_NAME }, rules: policyRules("cluster", args) },
        opts,
    );
    const clusterRoleBinding = new rbac.ClusterRoleBinding(
        `${name}-binding`,
        {
            metadata: { name: CLUSTER_WIDE_NAME },
            roleRef: {
                apiGroup: "rbac.authorization.k8s.io",
                kind: "ClusterRole",
                name: clusterRole.metadata.name,
            },
            subjects,
        },
        opts,
    );
    const role = new rbac.Role(
        `${name}-registrations-role`,
        { metadata: { name: NAME, namespace }, rules: policyRules("registrations", args) },
        opts,
    );
    const roleBinding = new rbac.RoleBinding(
        `${name}-registrations-binding`,
        {
            metadata: { name: NAME, namespace },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
            subjects,
        },
        opts,
    );
    return { account, bindings: [clusterRoleBinding, roleBinding] };
}
