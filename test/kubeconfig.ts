/** The text of a kubeconfig for a server that wants no credentials, or none that a test has. */
export const kubeconfigFor = (server: string): string =>
    JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "there",
        clusters: [{ name: "there", cluster: { server, "insecure-skip-tls-verify": true } }],
        users: [{ name: "me", user: {} }],
        contexts: [{ name: "there", context: { cluster: "there", user: "me" } }],
    });
