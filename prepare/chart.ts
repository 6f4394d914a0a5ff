import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../plan/manifests/documents";

export interface ChartArgs {
    /** Folder of the chart, relative to the program. */
    path: string;
    releaseName: string;
    namespace: string;
    /** Plain values: the objects must be the same whether or not there is a cluster. */
    values: object;
    /** Version of the management cluster, which charts may ask for. */
    kubeVersion: string;
}

/** A cluster that does not exist: rendering asks none. */
const NOWHERE = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "nowhere",
    clusters: [{ name: "nowhere", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "nowhere", context: { cluster: "nowhere", user: "nobody" } }],
});

/**
 * Renders a Helm chart with the Kubernetes provider's own Helm, through a provider that has no cluster. The chart
 * resources of @pulumi/kubernetes show nothing in a preview while the kubeconfig is unknown, and fail when the cluster
 * does not answer; a preview in a pull request has to show the true plan in both cases.
 * @throws Error of Helm's, for example values that values.schema.json refuses.
 */
export async function renderChart(args: ChartArgs): Promise<Manifest[]> {
    const provider = new kubernetes.Provider("charts", { kubeconfig: NOWHERE });
    const options = {
        path: args.path,
        release_name: args.releaseName,
        namespace: args.namespace,
        values: args.values,
        kube_version: args.kubeVersion,
        // Otherwise Helm asks the cluster for them, and warns that there is none.
        api_versions: ["v1", "apps/v1"],
    };
    const answer = (await pulumi.runtime.invoke(
        "kubernetes:helm:template",
        { jsonOpts: JSON.stringify(options) },
        { provider, async: true },
    )) as {
        result?: Manifest[];
    };
    if (!answer.result) {
        throw new Error(`the chart ${args.path} was not rendered: the Kubernetes provider answered nothing`);
    }
    return answer.result.map((manifest) => ({
        ...manifest,
        metadata: { namespace: args.namespace, ...manifest.metadata },
    }));
}
