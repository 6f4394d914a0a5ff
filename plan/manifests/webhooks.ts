import { asRecords, type Manifest } from "./documents";

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
export const webhooksForChanges = (manifests: readonly Manifest[]): Manifest[] =>
    manifests.map((manifest) => (CONFIGURATIONS.has(manifest.kind) ? forChanges(manifest) : manifest));

function forChanges(configuration: Manifest): Manifest {
    const webhooks = asRecords(configuration.webhooks).map((webhook) => {
        const resources = asRecords(webhook.rules).flatMap(({ resources }) =>
            Array.isArray(resources) ? resources.map(String) : [],
        );
        // A subresource has a spec of its own, or none.
        if (resources.length === 0 || resources.some((resource) => resource.includes("/") || resource.includes("*"))) {
            return webhook;
        }
        return { ...webhook, matchConditions: [...asRecords(webhook.matchConditions), CONDITION] };
    });
    return { ...configuration, webhooks };
}
