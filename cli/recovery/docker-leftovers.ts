import { labPrefix } from "../../plan/identities";
import { look, run } from "../../toolchain/run";

/** Docker objects of one kind, and how they are listed and removed. */
const CONTAINERS = {
    what: "container",
    list: ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"],
    remove: ["rm", "-f", "-v"],
} as const;
const NETWORKS = {
    what: "network",
    list: ["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"],
    remove: ["network", "rm"],
} as const;
const VOLUMES = {
    what: "volume",
    list: ["volume", "ls", "--format", "{{.Name}} {{.Name}}"],
    remove: ["volume", "rm", "-f"],
} as const;
const KINDS = [CONTAINERS, NETWORKS, VOLUMES];

/** The Docker label every object of a stack's lab bears, as components/docker-labels.ts gives it. */
export function labLabel(stack: string): string {
    return `metal3-scale-lab=${labPrefix(stack.split("/").at(-1) as string)}`;
}

export interface Leftover {
    what: (typeof KINDS)[number]["what"];
    id: string;
    name: string;
}

/** Objects of one kind with the label of the stack's lab. Empty where Docker does not answer. */
async function listObjects(
    stack: string,
    { what, list }: (typeof KINDS)[number],
    filters: string[] = [],
): Promise<Leftover[]> {
    const text =
        (await look("docker", [
            ...list,
            "--filter",
            `label=${labLabel(stack)}`,
            ...filters.flatMap((filter) => ["--filter", filter]),
        ])) ?? "";
    return text
        .split("\n")
        .filter(Boolean)
        .map((line) => {
            const [id = "", name = ""] = line.split(" ");
            return { what, id, name };
        });
}

/** The lab's containers that run, and its volumes: those that were made to the end. */
export async function finishedObjects(stack: string): Promise<Leftover[]> {
    return [...(await listObjects(stack, CONTAINERS, ["status=running"])), ...(await listObjects(stack, VOLUMES))];
}

/** Objects of the stack's lab that its state does not know: what a run killed between making and noting it left. Empty where Docker does not answer. */
export async function findLeftovers(stack: string, known: ReadonlySet<string>): Promise<Leftover[]> {
    const all = await Promise.all(KINDS.map((kind) => listObjects(stack, kind)));
    return all.flat().filter(({ id, name }) => !known.has(id) && !known.has(name));
}

/** Removes them, containers first: networks and volumes in use cannot go. */
export async function removeLeftovers(leftovers: readonly Leftover[], say: (text: string) => void): Promise<void> {
    for (const { what, remove } of KINDS) {
        for (const { id, name } of leftovers.filter((leftover) => leftover.what === what)) {
            await run("docker", [...remove, id], { timeoutMs: 120_000 });
            say(`removed ${what} ${name}, which the stack's state does not know`);
        }
    }
}

/** Ids and names of everything in a state's resources. */
export function knownIds(resources: readonly { id?: string; outputs?: Record<string, unknown> }[]): Set<string> {
    return new Set(
        resources
            .flatMap(({ id, outputs }) => [id, outputs?.["name"]])
            .filter((value): value is string => typeof value === "string"),
    );
}
