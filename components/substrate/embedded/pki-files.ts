import type { Pki } from "../../../tasks/pki/input";

/** The files that the node expects in /etc/kubernetes/pki (toolchain/images/node), by name. */
export function nodeFiles(pki: Pki, nodeName: string): Record<string, string> {
    const kubernetes = pki.kubernetes;
    const kubelet = kubernetes?.kubelets[nodeName];
    if (!kubernetes || !kubelet) {
        throw new Error(`the PKI has no certificates of the node ${nodeName}`);
    }
    const pairs = {
        ca: kubernetes.clusterCa,
        apiserver: kubernetes.apiServer,
        "apiserver-kubelet-client": kubernetes.apiServerKubeletClient,
        admin: kubernetes.admin,
        "controller-manager": kubernetes.controllerManager,
        scheduler: kubernetes.scheduler,
        "kube-proxy": kubernetes.kubeProxy,
        kubelet: kubelet.client,
        "kubelet-server": kubelet.server,
        "front-proxy-ca": kubernetes.frontProxyCa,
        "front-proxy-client": kubernetes.frontProxyClient,
    };
    return {
        ...Object.fromEntries(
            Object.entries(pairs).flatMap(([name, { cert, key }]) => [
                [`${name}.crt`, cert],
                [`${name}.key`, key],
            ]),
        ),
        "sa.pub": kubernetes.serviceAccount.publicKey,
        "sa.key": kubernetes.serviceAccount.privateKey,
    };
}

/**
 * Administrator's kubeconfig for the API at `server`.
 * @param name of its cluster, user and context: kubeconfigs of several labs are often merged, and of two entries with
 * one name kubectl takes the first
 */
export function adminKubeconfig(pki: Pki, server: string, name: string): string {
    if (!pki.kubernetes) {
        throw new Error("the PKI has no certificates for Kubernetes");
    }
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const { clusterCa, admin } = pki.kubernetes;
    return JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": name,
        clusters: [{ name, cluster: { server, "certificate-authority-data": base64(clusterCa.cert) } }],
        users: [
            {
                name,
                user: { "client-certificate-data": base64(admin.cert), "client-key-data": base64(admin.key) },
            },
        ],
        contexts: [{ name, context: { cluster: name, user: name } }],
    });
}
