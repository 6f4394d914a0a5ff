import { LAB_LABEL } from "../../plan/docker-labels";
import { look } from "../../toolchain/run";

/** The kinds of Docker objects that a lab has, with how each is listed and removed. */
const CONTAINERS = {
    what: "container",
    type: "docker:index/container:Container",
    list: ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"],
    remove: ["rm", "-f", "-v"],
} as const;
const NETWORKS = {
    what: "network",
    type: "docker:index/network:Network",
    list: ["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"],
    remove: ["network", "rm"],
} as const;
const VOLUMES = {
    what: "volume",
    type: "docker:index/volume:Volume",
    list: ["volume", "ls", "--format", "{{.Name}} {{.Name}}"],
    remove: ["volume", "rm", "-f"],
} as const;

export const KINDS = { CONTAINERS, NETWORKS, VOLUMES };

export type Kind = (typeof KINDS)[keyof typeof KINDS];

/** In this order they can be removed: Docker removes no network and no volume that a container uses. */
export const REMOVAL_ORDER: readonly Kind[] = [CONTAINERS, NETWORKS, VOLUMES];

/** The Docker label, `name=value`, of everything that belongs to the lab of that prefix. */
export const labLabel = (prefix: string): string => `${LAB_LABEL}=${prefix}`;

/** A Docker object of a lab. */
export interface DockerObject {
    kind: Kind;
    /** Docker's id; of a volume, its name. */
    id: string;
    name: string;
}

/** Objects of one kind with the lab's label. Empty when Docker does not answer. */
export async function listObjects(prefix: string, kind: Kind, filters: string[] = []): Promise<DockerObject[]> {
    const all = [`label=${labLabel(prefix)}`, ...filters].flatMap((filter) => ["--filter", filter]);
    const text = (await look("docker", [...kind.list, ...all])) ?? "";
    return text
        .split("\n")
        .filter(Boolean)
        .map((line) => {
            const [id = "", name = ""] = line.split(" ");
            return { kind, id, name };
        });
}
