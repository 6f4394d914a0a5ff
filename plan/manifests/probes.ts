import { asRecord, asRecords, type Manifest } from "./documents";

/**
 * One object per webhook configuration that its webhook is asked about when the object is created. Created as a dry run
 * it shows whether the API server reaches the webhook, whatever the webhook then says of the object: a Deployment that
 * is Available is not yet behind its Service everywhere.
 *
 * @param manifests a provider's objects, its CRDs among them.
 */
export function webhookProbes(manifests: readonly Manifest[]): Manifest[] {
    return manifests
        .filter((manifest) => manifest.kind === "MutatingWebhookConfiguration")
        .map((configuration) => probeOf(asRecords(configuration.webhooks), manifests))
        .filter((probe) => probe !== undefined);
}

function probeOf(webhooks: Record<string, unknown>[], manifests: readonly Manifest[]): Manifest | undefined {
    for (const rule of webhooks.flatMap((webhook) => asRecords(webhook.rules))) {
        const [group, version, resource] = [rule.apiGroups, rule.apiVersions, rule.resources].map(firstText);
        const definition = manifests.find((manifest) => {
            const spec = asRecord(manifest.spec);
            return (
                manifest.kind === "CustomResourceDefinition" &&
                spec?.group === group &&
                asRecord(spec?.names)?.plural === resource &&
                spec?.scope === "Namespaced"
            );
        });
        const kind = asRecord(asRecord(definition?.spec)?.names)?.kind;
        if (textList(rule.operations).includes("CREATE") && version !== undefined && typeof kind === "string") {
            return {
                apiVersion: `${group ?? ""}/${version}`,
                kind,
                metadata: { name: "webhook-probe", namespace: "default" },
                spec: {},
            };
        }
    }
    return undefined;
}

function textList(value: unknown): string[] {
    return Array.isArray(value) ? value.map(String) : [];
}

function firstText(value: unknown): string | undefined {
    return textList(value)[0];
}
