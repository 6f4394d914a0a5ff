import { isIP } from "node:net";
import { z } from "zod";
import { COMMON_NAME_LIMIT } from "./certificates";

const DNS_NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A DNS name of at most 253 characters, or an IP address. */
const subjectName = z
    .string()
    .refine(
        (name) => isIP(name) !== 0 || (name.length <= 253 && DNS_NAME.test(name)),
        "must be a lower-case DNS name or an IP address",
    );

const subjectNames = z.array(subjectName).min(1, "needs at least one name");

const commonName = z
    .string()
    .min(1)
    .max(COMMON_NAME_LIMIT, `a common name has at most ${COMMON_NAME_LIMIT} characters`);

/** Name of a Kubernetes node: with the prefix `system:node:` it becomes a common name. */
const nodeName = z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a node name")
    .max(COMMON_NAME_LIMIT - "system:node:".length, "with system:node: before it, it would pass 64 characters");

const keyType = z.enum(["ecdsa", "rsa"]);

/** The certificates of one Kubernetes control plane. */
const kubernetesSchema = z.strictObject({
    /** Names and addresses of the API server: service names, service IP, node and loopback addresses. */
    apiServerNames: subjectNames,
    /** Nodes, each with the names and addresses its kubelet serves under. Default: none. */
    nodes: z.record(nodeName, subjectNames).default({}),
});

/**
 * Days for which everything is valid, 1–3650. Default 3650: a lab that outlives its certificates fails without a
 * message.
 */
const validityDays = z.number().int().min(1).max(3650).default(3650);

/** Standard input of tasks/pki.ts. */
export const pkiInputSchema = z.strictObject({
    /** Common name of the lab's CA, for example `metal3-scale-lab dev`. */
    name: commonName,
    validityDays,
    kubernetes: kubernetesSchema.optional(),
    /** Further serving certificates from the lab's CA, such as Ironic's, by a name that the caller chooses. */
    servers: z
        .record(
            z.string().min(1),
            z.strictObject({
                names: subjectNames,
                /** Default: the key in `servers`. */
                commonName: commonName.optional(),
                keyType: keyType.default("ecdsa"),
            }),
        )
        .default({}),
});

export type PkiInput = z.infer<typeof pkiInputSchema>;

const pair = z.strictObject({ cert: z.string(), key: z.string() });
const signingKeys = z.strictObject({ publicKey: z.string(), privateKey: z.string() });

/** Standard output of tasks/node-certificates.ts. `client` is system:node:NAME of group system:nodes. */
export const nodeCertificatesSchema = z.strictObject({ client: pair, server: pair });

/** Standard input of tasks/node-certificates.ts: a node that joins a cluster which has its certificates already. */
export const nodeInputSchema = z.strictObject({
    node: nodeName,
    /** Names and addresses that its kubelet serves under. */
    names: subjectNames,
    validityDays,
    /** The cluster's CA with its key. No certificate outlives it. */
    authority: pair,
});

export type NodeInput = z.infer<typeof nodeInputSchema>;
export type NodeCertificates = z.infer<typeof nodeCertificatesSchema>;

/** Standard output of tasks/server-certificate.ts. */
export const serverCertificateSchema = pair;

/** Standard input of tasks/server-certificate.ts: a server that comes to a lab which has its certificates already. */
export const serverInputSchema = z.strictObject({
    /** Common name of the certificate. */
    name: commonName,
    /** Names and addresses that it serves under. */
    names: subjectNames,
    validityDays,
    /** The lab's CA with its key. No certificate outlives it. */
    authority: pair,
});

export type ServerInput = z.infer<typeof serverInputSchema>;
export type ServerCertificate = z.infer<typeof serverCertificateSchema>;

const kubernetesPkiSchema = z.strictObject({
    clusterCa: pair,
    apiServer: pair,
    /** The client certificate that the API server presents to kubelets. */
    apiServerKubeletClient: pair,
    /** Group system:masters. */
    admin: pair,
    controllerManager: pair,
    scheduler: pair,
    kubeProxy: pair,
    /** By node name. */
    kubelets: z.record(z.string(), nodeCertificatesSchema),
    frontProxyCa: pair,
    frontProxyClient: pair,
    serviceAccount: signingKeys,
});

/** Standard output of tasks/pki.ts: every certificate and key in PEM. */
export const pkiSchema = z.strictObject({
    ca: pair,
    kubernetes: kubernetesPkiSchema.optional(),
    servers: z.record(z.string(), pair),
});

export type Pki = z.infer<typeof pkiSchema>;
export type KubernetesPki = z.infer<typeof kubernetesPkiSchema>;

/** Every problem of a failed parse, one a line: path and rule. Values are left out, since they may be secrets. */
export function describeProblems(error: z.ZodError): string {
    return error.issues
        .map((issue) => `  ${issue.path.map(String).join(".") || "(input)"}: ${issue.message}`)
        .join("\n");
}
