import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Pki, PkiInput } from "../tasks/pki/input";

export interface LabPkiArgs {
    input: PkiInput;
    /** Node whose files are handed out. */
    nodeName: string;
    /** URL of the Kubernetes API on the machine that runs the program. */
    apiUrl: string;
}

/** Every certificate of the lab, issued once and kept, as secrets, in the stack's state. */
export class LabPki extends pulumi.ComponentResource {
    /** Files of /etc/kubernetes/pki by name, as the embedded node reads them. */
    readonly nodeFiles: pulumi.Output<Record<string, string>>;
    /** Administrator's kubeconfig. */
    readonly kubeconfig: pulumi.Output<string>;
    /** Certificate of the lab's CA, PEM. Not a secret. */
    readonly caCertificate: pulumi.Output<string>;
    private readonly pki: pulumi.Output<Pki>;

    constructor(name: string, args: LabPkiArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:LabPki", name, {}, opts);
        const issue = new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/pki.ts",
                stdin: JSON.stringify(args.input),
                // The output is keys: they belong into the state, never into a log.
                logging: "stderr",
            },
            { parent: this, additionalSecretOutputs: ["stdout"] },
        );
        this.pki = pulumi.secret(issue.stdout.apply((stdout) => JSON.parse(stdout) as Pki));
        this.nodeFiles = this.pki.apply((pki) => nodeFiles(pki, args.nodeName));
        this.kubeconfig = this.pki.apply((pki) => adminKubeconfig(pki, args.apiUrl));
        this.caCertificate = pulumi.unsecret(this.pki.apply(({ ca }) => ca.cert));
        this.registerOutputs({ caCertificate: this.caCertificate });
    }

    /** The CA with its key, for what issues certificates later. */
    get authority(): pulumi.Output<{ cert: string; key: string }> {
        return this.pki.apply(({ ca }) => ca);
    }

    /** One of the serving certificates that `input.servers` asked for. */
    server(key: string): pulumi.Output<{ cert: string; key: string }> {
        return this.pki.apply(({ servers }) => {
            const certificate = servers[key];
            if (!certificate) {
                throw new Error(`the PKI has no certificate ${key}`);
            }
            return certificate;
        });
    }
}

/** What an embedded node expects in /etc/kubernetes/pki (toolchain/images/node). */
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

function adminKubeconfig(pki: Pki, server: string): string {
    if (!pki.kubernetes) {
        throw new Error("the PKI has no certificates for Kubernetes");
    }
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const { clusterCa, admin } = pki.kubernetes;
    return JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "lab",
        clusters: [{ name: "lab", cluster: { server, "certificate-authority-data": base64(clusterCa.cert) } }],
        users: [
            {
                name: "admin",
                user: { "client-certificate-data": base64(admin.cert), "client-key-data": base64(admin.key) },
            },
        ],
        contexts: [{ name: "lab", context: { cluster: "lab", user: "admin" } }],
    });
}
