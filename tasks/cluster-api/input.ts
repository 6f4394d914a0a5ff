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

/** What to change of one controller; the meaning of each field is that of `ManagerTuning`. */
const controller = z.strictObject({
    image: image.optional(),
    args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    featureGates: z.record(z.string(), z.boolean()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    requests: z.record(z.string(), z.string()).optional(),
    probeTimeoutSeconds: z.number().int().min(1).optional(),
    drainSeconds: z.number().int().min(1).optional(),
});

const version = z.string().regex(/^v\d+\.\d+\.\d+/, "must be a version such as v1.13.4");

/** One entry for each of the five providers. */
function ofEachProvider<Schema extends z.ZodType>(schema: Schema) {
    return z.strictObject({
        core: schema,
        bootstrap: schema,
        controlPlane: schema,
        infrastructure: schema,
        ipam: schema,
    });
}

/** Standard input of tasks/cluster-api.ts. */
export const clusterApiInputSchema = z
    .strictObject({
        /** The clusterctl to run. Default: the one on PATH. */
        clusterctl: z.string().min(1).default("clusterctl"),
        /** Content of a kubeconfig whose current context is the management cluster. */
        kubeconfig: z.string().min(1),
        manifests: z.discriminatedUnion("source", [
            /** A folder that the toolchain rendered (`renderManifests`). Default: the one in the toolchain's cache. */
            z.strictObject({ source: z.literal("build"), directory: z.string().min(1).optional() }),
            /** The releases upstream, at these versions; `base` is a mirror of https://github.com. */
            z.strictObject({ source: z.literal("pull"), versions: ofEachProvider(version), base: z.url().optional() }),
        ]),
        /** CA that issues the webhooks' certificates: certificate and key (PKCS #8) in PEM. */
        ca: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }),
        /** Days for which webhook certificates are issued, 1–3650. Default 3650. */
        certificateDays: z.number().int().min(1).max(3650).default(3650),
        /** Whether versions of resources that upstream calls deprecated are served. Default: as upstream has it, they are. */
        deprecatedVersions: z.boolean().default(true),
        /** Whether webhooks are asked about updates that change nothing of what they look at. Default: as upstream has it, they are. */
        webhooksOfEveryUpdate: z.boolean().default(true),
        controllers: ofEachProvider(controller.default({})).partial().default({}),
        /** Seconds to wait, for each of: the Kubernetes API, clusterctl, the controllers. Default 600. */
        waitSeconds: z.number().int().min(1).default(600),
    })
    .superRefine((input, context) => {
        if (input.manifests.source !== "build") {
            return;
        }
        // What is rendered from a module names upstream's newest development image, which is not what was built.
        for (const key of ["core", "bootstrap", "controlPlane", "infrastructure", "ipam"] as const) {
            if (input.controllers[key]?.image === undefined) {
                context.addIssue({
                    code: "custom",
                    path: ["controllers", key, "image"],
                    message: "is needed with manifests.source build",
                });
            }
        }
    });

export type ClusterApiInput = z.infer<typeof clusterApiInputSchema>;

/**
 * The reference of an image in its full form, which clusterctl insists on: without a registry's name it is one of
 * docker.io's, as container runtimes read it.
 */
export function imageReference(value: z.infer<typeof image>): string {
    const [first = "", ...rest] = value.repository.split("/");
    const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
    const short = rest.length > 0 ? value.repository : `library/${value.repository}`;
    const repository = hasRegistry ? value.repository : `docker.io/${short}`;
    return value.digest === undefined ? `${repository}:${value.tag ?? ""}` : `${repository}@${value.digest}`;
}
