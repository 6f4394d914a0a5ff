import { asRecords, describe, findManifest, ManifestError, recordAt, type Manifest } from "./documents";
import type { Provider } from "./providers";

const CONFIGURATIONS = new Set(["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]);

/**
 * CEL's way to what Cluster API's and CAPM3's webhooks (1.13) look at of an object: of an update that leaves all of it
 * they have nothing to say. What is not there is as good as empty.
 */
const LOOKED_AT = ["?spec", "metadata.?labels", "metadata.?annotations"];

const changes = (path: string): string => `object.${path}.orValue({}) != oldObject.${path}.orValue({})`;

const CONDITION = {
    name: "changes-what-is-looked-at",
    expression: ["request.operation != 'UPDATE'", ...LOOKED_AT.map(changes)].join(" || "),
};

/**
 * Webhooks that are not asked about updates in which there is nothing for them. Nine of ten of the 135 calls that a
 * cluster takes on its way are about updates, many of them server-side applies that change nothing and changes of
 * finalizers, owners and managed fields: both sides encode and decode the object and the one before it for each.
 * kube-apiserver compares in their place (matchConditions, Kubernetes 1.30). A default that a ClusterClass has new is
 * set when the Cluster's topology controller, which sets them as well, writes the Cluster, and not by any update of the
 * Cluster.
 */
export const webhooksForChanges = (manifests: readonly Manifest[]): Manifest[] => changeWebhooks(manifests, forChanges);

/**
 * Webhooks that are not asked about what their own controller does. A controller that elects no leader works as soon as
 * it has started, which is seconds before its pod is behind its Service: until then each of its own updates is refused.
 * Each refusal doubles the time after which it looks at the object again, and the bare-metal operator does not begin
 * anew with that while a host goes from state to state: three of 201 hosts that had just been inspected then were left
 * alone for five minutes, when they were to be deleted.
 *
 * @throws ManifestError if the Deployment is not there, or has no service account of its own
 */
export function webhooksForOthers(manifests: readonly Manifest[], controller: Controller): Manifest[] {
    const deployment = findManifest(manifests, "Deployment", controller.deployment);
    const account = recordAt(deployment, "spec", "template", "spec").serviceAccountName;
    if (typeof account !== "string") {
        throw new ManifestError(`${describe(deployment)} has no service account of its own`);
    }
    const condition = {
        name: "not-of-the-controller-itself",
        expression: `request.userInfo.username != 'system:serviceaccount:${controller.namespace}:${account}'`,
    };
    return changeWebhooks(manifests, (webhook) => under(webhook, condition));
}

type Controller = Pick<Provider, "namespace" | "deployment">;

type Webhook = Record<string, unknown>;

const changeWebhooks = (manifests: readonly Manifest[], change: (webhook: Webhook) => Webhook): Manifest[] =>
    manifests.map((manifest) =>
        CONFIGURATIONS.has(manifest.kind)
            ? { ...manifest, webhooks: asRecords(manifest.webhooks).map(change) }
            : manifest,
    );

interface MatchCondition {
    name: string;
    /** In CEL. */
    expression: string;
}

const under = (webhook: Webhook, condition: MatchCondition): Webhook => ({
    ...webhook,
    matchConditions: [...asRecords(webhook.matchConditions), condition],
});

function forChanges(webhook: Webhook): Webhook {
    const resources = asRecords(webhook.rules).flatMap(({ resources }) =>
        Array.isArray(resources) ? resources.map(String) : [],
    );
    // A subresource has a spec of its own, or none.
    const isLeftAlone = (resource: string): boolean => resource.includes("/") || resource.includes("*");
    return resources.length === 0 || resources.some(isLeftAlone) ? webhook : under(webhook, CONDITION);
}
