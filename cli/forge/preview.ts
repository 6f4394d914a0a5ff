import type { Ready } from "../../toolchain/ensure";
import { repoPath } from "../../toolchain/paths";

/** Longest preview, milliseconds. With a thousand hosts and clusters one took 71 s on a busy machine. */
const LIMIT_MS = 20 * 60_000;

/** Most characters that a preview of ten thousand hosts writes: some 4,000 for each resource. */
const MOST_OUTPUT = 400 * 1024 * 1024;

interface Step {
    op: string;
    urn: string;
    diffReasons?: string[] | null;
    replaceReasons?: string[] | null;
    /** By the property's path. Not every provider gives it. */
    detailedDiff?: Record<string, unknown> | null;
}

/** What `pulumi preview --json` writes, as far as it is read. */
interface Digest {
    steps?: Step[];
    diagnostics?: { message: string; severity: string }[];
}

/** A resource that an `up` would change. */
export interface Change {
    op: "create" | "update" | "replace" | "delete";
    /** Last part of its type: "BareMetalHost". */
    kind: string;
    /** Its name in the program. */
    name: string;
    /** Properties that differ. Values are not among them: some are secret. */
    fields: string[];
    /** Whether the state has it, and Pulumi found it gone. */
    gone: boolean;
}

/** What a preview said. */
export interface Preview {
    changes: Change[];
    /** What the program said of the change, in words. */
    said: string[];
    /** Why there is no preview. Empty: there is one. */
    failures: string[];
}

/** Operations of Pulumi that change a resource, and what they come to. A replacement takes several steps. */
const OPERATIONS: Readonly<Record<string, Change["op"]>> = {
    create: "create",
    update: "update",
    delete: "delete",
    replace: "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
};

/** What the first step of a resource is that the state has, when it is read again. */
const READ = ["refresh", "delete", "update"];

/** Its own type, without those of its parents. */
const typeOf = (urn: string): string => (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";

const kindOf = (urn: string): string => typeOf(urn).split(/[:/]/).at(-1) ?? "";

/** What only groups or reaches other resources: nothing of it is on the machine or in the cluster. */
const isOnlyPulumis = (urn: string): boolean => /^(pulumi|metal3lab):/.test(typeOf(urn));

/**
 * What is to be done to one resource; undefined when nothing is. With `--refresh` its first step says what was found of
 * it, and only the last one what an `up` would do.
 */
function changeOf(urn: string, steps: readonly Step[]): Change | undefined {
    const last = OPERATIONS[steps.at(-1)?.op ?? ""];
    if (last === undefined) {
        return undefined;
    }
    const reasons = steps.flatMap(({ diffReasons, replaceReasons, detailedDiff }) => [
        ...Object.keys(detailedDiff ?? {}),
        ...(detailedDiff ? [] : (diffReasons ?? [])),
        ...(replaceReasons ?? []),
    ]);
    return {
        op: last,
        kind: kindOf(urn),
        name: urn.split("::").at(-1) ?? "",
        fields: [...new Set(reasons)].sort(),
        gone: last === "create" && READ.includes(steps[0]?.op ?? ""),
    };
}

/** Reads what `pulumi preview --json` wrote. */
export function readPreview(text: string): Preview {
    const { steps = [], diagnostics = [] } = JSON.parse(text) as Digest;
    const byUrn = new Map<string, Step[]>();
    for (const step of steps.filter(({ urn }) => !isOnlyPulumis(urn))) {
        byUrn.set(step.urn, [...(byUrn.get(step.urn) ?? []), step]);
    }
    const changes = [...byUrn].flatMap(([urn, all]) => changeOf(urn, all) ?? []);
    const messages = (severity: string): string[] => [
        ...new Set(
            diagnostics
                .filter((each) => each.severity === severity)
                .map(({ message }) => message.replace(/^(info|error|warning): /, "").trim())
                .filter((message) => message !== ""),
        ),
    ];
    return { changes, said: messages("info"), failures: messages("error") };
}

/**
 * Previews a stack: what an `up` would change.
 * @param args of `pulumi preview` beside the stack
 * @param env of Pulumi, beside that of `ready`
 */
export async function preview(
    ready: Ready,
    stack: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
): Promise<Preview> {
    const { execa } = await import("execa");
    const result = await execa(ready.pulumi, ["preview", "--json", "--non-interactive", "--stack", stack, ...args], {
        cwd: repoPath(),
        env: { ...ready.env, ...env },
        stdin: "ignore",
        reject: false,
        timeout: LIMIT_MS,
        maxBuffer: MOST_OUTPUT,
    });
    if (!result.stdout.trimStart().startsWith("{")) {
        // Pulumi could not begin: the state does not open, for instance.
        return { changes: [], said: [], failures: [result.stderr.trim() || (result.shortMessage ?? "no output")] };
    }
    const read = readPreview(result.stdout);
    const why = result.failed && read.failures.length === 0 ? [result.stderr.trim() || result.shortMessage] : [];
    return { ...read, failures: [...read.failures, ...why.filter((text) => text !== undefined)] };
}
