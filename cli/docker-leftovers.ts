import { look, run } from "../toolchain/run";

/** Docker objects of one kind, and how they are listed and removed. */
const KINDS = [
    { what: "container", list: ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"], remove: ["rm", "-f", "-v"] },
    { what: "network", list: ["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"], remove: ["network", "rm"] },
    { what: "volume", list: ["volume", "ls", "--format", "{{.Name}} {{.Name}}"], remove: ["volume", "rm", "-f"] },
] as const;

/** The Docker label every object of a stack's lab bears, as components/substrate/labels.ts gives it. */
export function labLabel(stack: string): string {
    return `metal3-scale-lab=m3lab-${stack.split("/").at(-1)}`;
}

export interface Leftover {
    what: (typeof KINDS)[number]["what"];
    id: string;
    name: string;
}

/** Objects of the stack's lab that its state does not know: what a run killed between making and noting it left. Empty where Docker does not answer. */
export async function findLeftovers(stack: string, known: ReadonlySet<string>): Promise<Leftover[]> {
    const found: Leftover[] = [];
    for (const { what, list } of KINDS) {
        const text = (await look("docker", [...list, "--filter", `label=${labLabel(stack)}`])) ?? "";
        for (const line of text.split("\n").filter(Boolean)) {
            const [id = "", name = ""] = line.split(" ");
            if (!known.has(id) && !known.has(name)) found.push({ what, id, name });
        }
    }
    return found;
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
    return new Set(resources.flatMap(({ id, outputs }) => [id, outputs?.["name"]]).filter((value): value is string => typeof value === "string"));
}
