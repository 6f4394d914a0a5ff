import { z } from "zod";
import { allKubernetesVersions } from "./kubernetes-versions";
import { MAX_FAKE_SECONDS } from "./limits";

/** An integer from `least` to `most`, as Pulumi hands it over: a string. */
export const integer = (least: number, most: number) => {
    const rule = `must be a whole number from ${least} to ${most}`;
    return z
        .string()
        .regex(/^-?\d+$/, rule)
        .transform(Number)
        .refine((value) => value >= least && value <= most, rule);
};

/** One of a few words. */
export const choice = <T extends string>(values: readonly T[]) =>
    z.string().refine((value): value is T => values.includes(value as T), `must be one of ${values.join(", ")}`);

/** An IPv4 network in CIDR notation. Whether its host bits are zero is checked with the other address rules. */
export const ipv4Cidr = z
    .string()
    .regex(
        /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:[12]?\d|3[0-2])$/,
        "must be an IPv4 network such as 192.168.222.0/24",
    );

const KUBERNETES = allKubernetesVersions();

/** A Kubernetes version, with or without its leading "v"; the result has one. */
export const kubernetesVersion = z
    .string()
    .transform((value) => `v${value.replace(/^v/, "")}`)
    .refine(
        (value) => KUBERNETES.includes(value),
        `must be a Kubernetes version from ${KUBERNETES.at(0)} to ${KUBERNETES.at(-1)}, such as v1.35.4`,
    );

/** A duration in seconds: `N`, or `MIN-MAX` for a value drawn uniformly each time. */
export const secondsRange = z
    .string()
    .regex(
        /^\d{1,4}(-\d{1,4})?$/,
        `must be seconds such as "10", or a range such as "5-10", at most ${MAX_FAKE_SECONDS}`,
    )
    .transform((value) => {
        const [min = "", max = min] = value.split("-");
        return { min: Number(min), max: Number(max) };
    })
    .refine(({ min, max }) => max >= min, "the second number must not be below the first")
    .refine(({ max }) => max <= MAX_FAKE_SECONDS, `must be at most ${MAX_FAKE_SECONDS} seconds`);

/** Where images come from: see `ImageSource` of toolchain/images/reference.ts. */
const IMAGE_SOURCES = ["auto", "build", "pull"] as const;

/** An image reference that always means the same image: by a tag other than `latest`, or by a digest. */
export const pinnedReference = z.string().regex(/^[^\s:@]+(:\d+)?[^\s:@]*(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/, {
    error: "must be an image pinned by tag (not latest) or by digest",
});

/**
 * A JSON object or list, as Pulumi hands over a key that was set with `--path`.
 * @param shape what its message says it must be
 */
export const json = (shape: string) =>
    z.string().transform((value, context): unknown => {
        try {
            return JSON.parse(value);
        } catch {
            context.addIssue({ code: "custom", message: `must be ${shape}` });
            return z.NEVER;
        }
    });

/** A JSON object of texts by name. */
export const textMap = json("an object: {NAME: VALUE}").pipe(z.record(z.string().min(1), z.string()));

/** A JSON list of names. */
export const nameList = json("a list: [NAME]").pipe(
    z.array(z.string({ error: "must be a name" }), { error: "must be a list: [NAME]" }),
);

/** The name of a set of versions. Which there are is checked where they are known. */
export const setName = z.string().regex(/^[\w.-]+$/, "must be the name of a set, such as 2026.1");

/** A JSON object of versions by part. Which there are is checked where they are known. */
export const versionMap = json("an object: {PART: VERSION}").pipe(
    z.record(z.string().min(1), z.string({ error: "must be a version, such as 39.0.0" }), {
        error: "must be an object: {PART: VERSION}",
    }),
);

/** `true` or `false`. */
export const flag = choice(["true", "false"] as const).transform((value) => value === "true");

/** A JSON array of tolerations, as a pod has them (Kubernetes, core/v1 Toleration). */
export const tolerations = json("a list: [{key, operator, value, effect}]").pipe(
    z.array(
        z.strictObject({
            key: z.string().optional(),
            operator: choice(["Exists", "Equal"] as const).optional(),
            value: z.string().optional(),
            effect: choice(["NoSchedule", "PreferNoSchedule", "NoExecute"] as const).optional(),
            tolerationSeconds: z.number().int().optional(),
        }),
    ),
);

/** A JSON object `{source, overrides}`. */
export const imageOptions = json("an object: {source, overrides}").pipe(
    z.strictObject({
        source: choice(IMAGE_SOURCES).default("auto"),
        overrides: z.record(z.string(), pinnedReference).default({}),
    }),
);

/**
 * Where images are in a registry: its host, its port, and a path. Docker tells a host from a path by its dot or port.
 */
export const registryPrefix = z
    .string()
    .regex(
        /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
        "must be a registry such as registry.example:5000/lab: a host with a dot or a port, no scheme, no tag",
    );

/** A JSON list of names of Kubernetes objects. */
export const objectNames = json("a list: [NAME, …]").pipe(
    z.array(z.string().regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, "must be the name of a Secret"), {
        error: "must be a list: [NAME, …]",
    }),
);

/** A path from the root, or an address. Credentials would be readable in the configuration and in logs. */
const fileOrAddress = z.string().refine((value) => {
    if (value.startsWith("/")) {
        return true;
    }
    if (!URL.canParse(value)) {
        return false;
    }
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username + password === "";
}, "must be the path of a file from the root, or an http or https address without credentials");

const checkedFile = z.strictObject({
    from: fileOrAddress,
    sha256: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/, "must be a SHA-256 sum: 64 hexadecimal digits")
        .toLowerCase(),
});

/** A JSON object with the files of the Ironic Python agent. */
export const ipaFiles = json("an object: {kernel: {from, sha256}, ramdisk: {from, sha256}}").pipe(
    z.strictObject({ kernel: checkedFile, ramdisk: checkedFile }),
);
