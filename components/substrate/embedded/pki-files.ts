import type { KeyPair } from "../../../tasks/pki/certificates";
import type { NodeCertificates, Pki } from "../../../tasks/pki/input";

/** The files that the control plane expects in /etc/kubernetes/pki (toolchain/images/node), by name. */
export function controlPlaneFiles(pki: Pki, nodeName: string): Record<string, string> {
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
        ...pairFiles(pairs),
        "sa.pub": kubernetes.serviceAccount.publicKey,
        "sa.key": kubernetes.serviceAccount.privateKey,
    };
}

/** The files that a worker expects there: no key with which it could do more than a node of its name may do. */
export function workerFiles(pki: Pki, { client, server }: NodeCertificates): Record<string, string> {
    if (!pki.kubernetes) {
        throw new Error("the PKI has no certificates for Kubernetes");
    }
    const { clusterCa, kubeProxy } = pki.kubernetes;
    return {
        "ca.crt": clusterCa.cert,
        ...pairFiles({ kubelet: client, "kubelet-server": server, "kube-proxy": kubeProxy }),
    };
}

const pairFiles = (pairs: Record<string, KeyPair>): Record<string, string> =>
    Object.fromEntries(
        Object.entries(pairs).flatMap(([name, { cert, key }]) => [
            [`${name}.crt`, cert],
            [`${name}.key`, key],
        ]),
    );

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
