import * as semver from "semver";
import { z } from "zod";

/** Most hosts one lab may have: the fake inventory and the address plan are tested up to here. */
export const MAX_NODES = 10_000;

/** Kubernetes versions of workload clusters that Cluster API 1.13 and its in-memory API server take. */
export const KUBERNETES_VERSIONS = ">=1.26.0 <1.37.0";

/** The lab's own limits and time limits, or those of the published lab, to compare with. */
export const TUNINGS = ["lab", "published"] as const;
export type Tuning = (typeof TUNINGS)[number];

/** Where parts come from: built from the package registries, or pulled from upstream's releases. */
export const IMAGE_SOURCES = ["build", "pull"] as const;

const whole = (least: number, most: number) => {
    const rule = `must be a whole number from ${least} to ${most}`;
    return z
        .string()
        .regex(/^-?\d+$/, rule)
        .transform(Number)
        .refine((value) => value >= least && value <= most, rule);
};

const choice = <T extends string>(values: readonly T[]) =>
    z.string().refine((value): value is T => values.includes(value as T), `must be one of ${values.join(", ")}`);

const ipv4Cidr = z
    .string()
    .regex(
        /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:[12]?\d|3[0-2])$/,
        "must be an IPv4 network such as 192.168.222.0/24",
    );

const kubernetesVersion = z
    .string()
    .refine(
        (value) => /^v?\d+\.\d+\.\d+$/.test(value) && semver.satisfies(value.replace(/^v/, ""), KUBERNETES_VERSIONS),
        `must be a Kubernetes version such as v1.35.4, ${KUBERNETES_VERSIONS}`,
    )
    .transform((value) => `v${value.replace(/^v/, "")}`);

/** Seconds, one number or "MIN-MAX": what takes its time takes something between the two, each time anew. */
const secondsBetween = z
    .string()
    .regex(/^\d{1,4}(-\d{1,4})?$/, 'must be seconds such as "10", or a range such as "5-10", at most 3600')
    .transform((value) => {
        const [min = "", max = min] = value.split("-");
        return { min: Number(min), max: Number(max) };
    })
    .refine(({ min, max }) => max >= min, "the second number must not be below the first")
    .refine(({ max }) => max <= 3600, "must be at most 3600 seconds");

const images = z
    .string()
    .transform((value, context): unknown => {
        try {
            return JSON.parse(value);
        } catch {
            context.addIssue({ code: "custom", message: "must be an object: {source, overrides}" });
            return z.NEVER;
        }
    })
    .pipe(
        z.strictObject({
            source: choice(IMAGE_SOURCES).default("build"),
            overrides: z
                .record(
                    z.string(),
                    z.string().regex(/^[^\s:@]+(:\d+)?[^\s:@]*(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/, {
                        error: "must be an image pinned by tag (not latest) or by digest",
                    }),
                )
                .default({}),
        }),
    );

/**
 * Every configuration key, as Pulumi hands it over: a string. Optional keys follow from the others (see plan/sizes.ts).
 * Pulumi.yaml and the README repeat the descriptions; a test keeps the three alike.
 */
export const keys = {
    substrate: choice(["embedded"] as const).default("embedded"),
    nodes: whole(0, MAX_NODES).default(4),
    clusters: whole(0, MAX_NODES).default(2),
    controlPlaneNodes: whole(1, 3)
        .refine((value) => value % 2 === 1, "must be odd: 1 or 3, because etcd members vote")
        .default(1),
    workerNodes: whole(0, 1000).default(0),
    hostsPerCluster: whole(1, 1003).optional(),
    conductors: whole(1, 50).optional(),
    nodesPerPair: whole(1, 500).optional(),
    fakeApiServers: whole(1, 50).optional(),
    kubernetesVersion: kubernetesVersion.default("v1.35.4"),
    fakeBootSeconds: secondsBetween.default({ min: 1, max: 2 }),
    fakePowerSeconds: secondsBetween.default({ min: 0, max: 0 }),
    cleaning: choice(["disabled", "metadata"] as const).default("disabled"),
    provisioningCidr: ipv4Cidr.default("192.168.222.0/24"),
    podCidr: ipv4Cidr.default("10.244.0.0/16"),
    serviceCidr: ipv4Cidr.default("10.96.0.0/16"),
    apiPort: whole(1024, 65535).optional(),
    provisioningLimit: whole(1, MAX_NODES).optional(),
    hostsAtOnce: whole(1, MAX_NODES).default(24),
    tuning: choice(TUNINGS).default("lab"),
    images: images.default({ source: "build", overrides: {} }),
    wait: choice(["none", "hosts", "clusters"] as const).default("clusters"),
    waitTimeout: whole(1, 86_400).optional(),
} as const;

const schema = z.strictObject(keys);

/** What the user asked for, judged; unset sizes are still undefined. */
export type LabConfig = z.output<typeof schema>;
export const configSchema = schema;
