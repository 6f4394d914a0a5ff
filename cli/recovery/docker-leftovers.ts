import { LAB_LABEL } from "../../plan/docker-labels";
import { labPrefix } from "../../plan/identities";
import { look, run } from "../../toolchain/run";

/** Longest removal of one Docker object, milliseconds. */
const REMOVE_LIMIT_MS = 120_000;

/** The kinds of Docker objects that a lab has, with how each is listed and removed. */
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
/** In the order of removal: Docker removes no network and no volume that a container uses. */
const KINDS = [CONTAINERS, NETWORKS, VOLUMES];

/** First part of every Docker name of the stack's lab. */
export const stackPrefix = (stack: string): string => labPrefix(stack.split("/").at(-1) as string);

/** The Docker label, `name=value`, of everything that belongs to the stack's lab. */
export const labLabel = (stack: string): string => `${LAB_LABEL}=${stackPrefix(stack)}`;

/** A Docker object of a lab. */
export interface DockerObject {
    what: (typeof KINDS)[number]["what"];
    /** Docker's id; of a volume, its name. */
    id: string;
    name: string;
}

/** Objects of one kind with the label of the stack's lab. Empty when Docker does not answer. */
async function listObjects(
    stack: string,
    { what, list }: (typeof KINDS)[number],
    filters: string[] = [],
): Promise<DockerObject[]> {
    const all = [`label=${labLabel(stack)}`, ...filters].flatMap((filter) => ["--filter", filter]);
    const text = (await look("docker", [...list, ...all])) ?? "";
    return text
        .split("\n")
        .filter(Boolean)
        .map((line) => {
            const [id = "", name = ""] = line.split(" ");
            return { what, id, name };
        });
}

/** The lab's volumes, and its containers that run: those that do not run may be half made. */
export async function finishedObjects(stack: string): Promise<DockerObject[]> {
    return [...(await listObjects(stack, CONTAINERS, ["status=running"])), ...(await listObjects(stack, VOLUMES))];
}

/**
 * Removes every Docker object with the lab's label that is not in the state, such as one that a run had made and was
 * killed before it recorded it. Whoever calls this has made sure whose lab it is: see {@link removeUnrecorded} in
 * recover.ts.
 * @param recorded ids and names of the objects in the state
 */
export async function removeLeftovers(
    stack: string,
    recorded: ReadonlySet<string>,
    say: (text: string) => void,
): Promise<void> {
    for (const kind of KINDS) {
        for (const { what, id, name } of await listObjects(stack, kind)) {
            if (recorded.has(id) || recorded.has(name)) {
                continue;
            }
            await run("docker", [...kind.remove, id], { timeoutMs: REMOVE_LIMIT_MS });
            say(`removed ${what} ${name}, which the stack's state does not know`);
        }
    }
}
