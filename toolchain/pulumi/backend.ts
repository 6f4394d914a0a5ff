import { homedir } from "node:os";
import { resolve } from "node:path";
import { repoPath } from "../paths";

const FILE = "file://";

/**
 * The folder that a backend is, as Pulumi takes its address: `~` is the home, and a relative path begins at the top of
 * the checkout, where the lab calls Pulumi.
 * @returns undefined where the backend is no folder
 */
export function folderOf(backend: string): string | undefined {
    if (!backend.startsWith(FILE)) {
        return undefined;
    }
    const [path = ""] = backend.slice(FILE.length).split("?");
    return resolve(repoPath(), path.replace(/^~(?=\/|$)/, homedir()));
}

/** Whether a backend is Pulumi Cloud, or a service that speaks like it. It has secrets and users of its own. */
export const isCloud = (backend: string): boolean => /^https?:/.test(backend);

/** A backend's address without a user's name and password in it, to be shown and recorded. */
export const withoutCredentials = (backend: string): string => backend.replace(/^(\w+:\/\/)[^/?@]*@/, "$1");

/** Parameters of a backend's address that say where it is. The others say how it is spoken to, and may change. */
const PLACES = ["endpoint", "storage_account"];

/** A backend's address with no more than says where it is: the same for every machine that has the state there. */
export function placeOf(backend: string): string {
    const [address = "", query = ""] = backend.split("?");
    const places = [...new URLSearchParams(query)].filter(([name]) => PLACES.includes(name)).sort();
    return places.length === 0 ? address : `${address}?${places.map(([name, at]) => `${name}=${at}`).join("&")}`;
}
