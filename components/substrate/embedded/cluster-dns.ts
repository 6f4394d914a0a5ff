import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ImageReferences } from "../../../plan/image-reference";
import type { PodPullSecrets } from "../../../plan/manifests/pull-secrets";

export interface ClusterDnsArgs {
    images: ImageReferences;
    /** Address of the DNS Service, as kubelet tells pods. */
    clusterIp: string;
    pullSecrets: PodPullSecrets;
    provider: kubernetes.Provider;
}

const COREFILE = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods disabled
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf
    cache 30
    reload
    loadbalance
}
`;

const NAMESPACE = "kube-system";
const LABELS = { "k8s-app": "kube-dns" };

/** CoreDNS, as kubeadm would install it. */
export class ClusterDns extends pulumi.ComponentResource {
    readonly deployment: kubernetes.apps.v1.Deployment;

    constructor(name: string, args: ClusterDnsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:ClusterDns", name, {}, opts);
        const child = { parent: this, provider: args.provider };
        const account = new kubernetes.core.v1.ServiceAccount(
            `${name}-account`,
            { metadata: { name: "coredns", namespace: NAMESPACE } },
            child,
        );
        const role = new kubernetes.rbac.v1.ClusterRole(
            `${name}-role`,
            {
                metadata: { name: "system:coredns" },
                rules: [
                    {
                        apiGroups: [""],
                        resources: ["endpoints", "services", "pods", "namespaces"],
                        verbs: ["list", "watch"],
                    },
                    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
                ],
            },
            child,
        );
        new kubernetes.rbac.v1.ClusterRoleBinding(
            `${name}-binding`,
            {
                metadata: { name: "system:coredns" },
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
                subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: NAMESPACE }],
            },
            child,
        );
        const corefile = new kubernetes.core.v1.ConfigMap(
            `${name}-config`,
            { metadata: { name: "coredns", namespace: NAMESPACE }, data: { Corefile: COREFILE } },
            child,
        );
        new kubernetes.core.v1.Service(
            `${name}-service`,
            {
                metadata: { name: "kube-dns", namespace: NAMESPACE, annotations: { "pulumi.com/skipAwait": "true" } },
                spec: {
                    clusterIP: args.clusterIp,
                    selector: LABELS,
                    ports: [
                        { name: "dns", port: 53, protocol: "UDP" },
                        { name: "dns-tcp", port: 53, protocol: "TCP" },
                    ],
                },
            },
            child,
        );
        this.deployment = createDeployment(name, args, account, corefile, child);
        this.registerOutputs({});
    }
}

function createDeployment(
    name: string,
    { images, pullSecrets }: ClusterDnsArgs,
    account: kubernetes.core.v1.ServiceAccount,
    corefile: kubernetes.core.v1.ConfigMap,
    opts: pulumi.CustomResourceOptions,
): kubernetes.apps.v1.Deployment {
    return new kubernetes.apps.v1.Deployment(
        `${name}-deployment`,
        {
            metadata: { name: "coredns", namespace: NAMESPACE },
            spec: {
                replicas: 1,
                selector: { matchLabels: LABELS },
                template: {
                    metadata: { labels: LABELS },
                    spec: {
                        serviceAccountName: account.metadata.name,
                        // The node's own resolvers, not this Service again.
                        dnsPolicy: "Default",
                        priorityClassName: "system-cluster-critical",
                        ...pullSecrets,
                        containers: [
                            {
                                name: "coredns",
                                image: images.reference("coredns"),
                                imagePullPolicy: "IfNotPresent",
                                args: ["-conf", "/etc/coredns/Corefile"],
                                volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
                                readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 5 },
                                livenessProbe: {
                                    httpGet: { path: "/health", port: 8080 },
                                    periodSeconds: 20,
                                    failureThreshold: 5,
                                },
                                resources: { requests: { cpu: "10m", memory: "32Mi" } },
                                // Root only to bind port 53 in its own network namespace.
                                securityContext: {
                                    runAsUser: 0,
                                    allowPrivilegeEscalation: false,
                                    readOnlyRootFilesystem: true,
                                },
                            },
                        ],
                        volumes: [{ name: "config", configMap: { name: corefile.metadata.name } }],
                    },
                },
            },
        },
        opts,
    );
}
