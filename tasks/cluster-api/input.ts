import { z } from "zod";

/** Image of a controller. */
const image = z
    .strictObject({
        /** Repository with the image's name, for example `quay.io/metal3-io/cluster-api-provider-metal3`. */
        repository: z.string().min(1),
        tag: z.string().min(1).optional(),
        /** Goes before a tag. */
        digest: z
            .string()
            .regex(/^sha256:[0-9a-f]{64}$/)
            .optional(),
    })
    .refine((value) => value.tag !== undefined || value.digest !== undefined, "needs a tag or a digest");

/** Image and settings of one controller. The fields have the meaning that they have in `ManagerTuning`. */
const controller = z.strictObject({
    /**
     * Required: manifests rendered from a Go module name upstream's newest development image, which was not built here.
     */
    image,
    args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    featureGates: z.record(z.string(), z.boolean()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    requests: z.record(z.string(), z.string()).optional(),
    probeTimeoutSeconds: z.number().int().min(1).optional(),
    strategy: z.enum(["Recreate", "RollingUpdate"]).optional(),
    imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
    drainSeconds: z.number().int().min(1).optional(),
    nodes: z
        .strictObject({
            nodeSelector: z.record(z.string(), z.string()).optional(),
            tolerations: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
        })
        .optional(),
});

/** Standard input of tasks/cluster-api.ts. */
export const clusterApiInputSchema = z.strictObject({
    /** The clusterctl to run. Default: the one on PATH. */
    clusterctl: z.string().min(1).default("clusterctl"),
    /** Content of a kubeconfig whose current context is the management cluster. */
    kubeconfig: z.string().min(1),
    /** Where upstream's manifests come from. */
    manifests: z.strictObject({
        /**
         * The only source. It has its place in this document since the first labs: with another text the task runs
         * again.
         */
        source: z.literal("build"),
        /** A folder that the toolchain rendered (`renderManifests`). Default: the one in the toolchain's cache. */
        directory: z.string().min(1).optional(),
    }),
    /** CA that issues the webhooks' certificates: certificate and key (PKCS #8) in PEM. */
    ca: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }),
    /** Days for which webhook certificates are issued, 1–3650. Default 3650. */
    certificateDays: z.number().int().min(1).max(3650).default(3650),
    /** Whether versions of resources that upstream calls deprecated are served. Default: true, as upstream has it. */
    deprecatedVersions: z.boolean().default(true),
    /**
     * Whether webhooks are also asked about updates that change nothing of what they validate. Default: true, as
     * upstream.
     */
    webhooksOfEveryUpdate: z.boolean().default(true),
    controllers: z.strictObject({
        core: controller,
        bootstrap: controller,
        controlPlane: controller,
        infrastructure: controller,
        ipam: controller,
    }),
    /** Seconds to wait, for each of: the Kubernetes API, clusterctl, the controllers. Default 600. */
    waitSeconds: z.number().int().min(1).default(600),
});

export type ClusterApiInput = z.infer<typeof clusterApiInputSchema>;
