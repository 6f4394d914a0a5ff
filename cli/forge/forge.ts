import { z } from "zod";
import { UserError } from "../../plan/user-error";

/** Longest answer of the forge, milliseconds. */
const LIMIT_MS = 30_000;

/** Entries in one page of a list: the forge's largest. */
const PAGE = 100;

/** Pages that are read of a list before it is given up. */
const MOST_PAGES = 50;

const entry = z.object({
    id: z.number(),
    number: z.number().optional(),
    body: z.string().nullish(),
    pull_request: z.unknown().optional(),
    user: z.object({ type: z.string() }).nullish(),
});

/** A comment or an issue, as far as it is read. */
export type Entry = z.infer<typeof entry>;

/** How the forge is reached, by the variables that its own runner sets. */
export interface ForgeAccess {
    /** Address of its REST API. */
    api: string;
    /** owner/name */
    repository: string;
    token: string;
}

/** @throws UserError naming every variable that is missing */
export function forgeAccess(env: NodeJS.ProcessEnv): ForgeAccess {
    const missing = ["GITHUB_REPOSITORY", "GITHUB_TOKEN"].filter((name) => !env[name]);
    if (missing.length > 0) {
        throw new UserError(`${missing.join(" and ")} must be set, as in a workflow: see .github/workflows`);
    }
    return {
        api: (env["GITHUB_API_URL"] || "https://api.github.com").replace(/\/$/, ""),
        repository: env["GITHUB_REPOSITORY"] as string,
        token: env["GITHUB_TOKEN"] as string,
    };
}

/** The forge's REST API, as far as comments and issues need it. */
export class Forge {
    constructor(private readonly access: ForgeAccess) {}

    /** All entries of a list. @param path below the repository, with its query */
    async list(path: string): Promise<Entry[]> {
        const found: Entry[] = [];
        for (let page = 1; page <= MOST_PAGES; page++) {
            const separator = path.includes("?") ? "&" : "?";
            const answer = await this.send("GET", `${path}${separator}per_page=${PAGE}&page=${page}`);
            const entries = z.array(entry).parse(answer);
            found.push(...entries);
            if (entries.length < PAGE) {
                return found;
            }
        }
        throw new Error(`${path}: the forge has more than ${MOST_PAGES * PAGE} entries`);
    }

    /**
     * @param path below the repository
     * @throws Error with the forge's message; the token is in no message
     */
    async send(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<unknown> {
        const { api, repository, token } = this.access;
        const response = await fetch(`${api}/repos/${repository}${path}`, {
            method,
            headers: {
                accept: "application/vnd.github+json",
                authorization: `Bearer ${token}`,
                "x-github-api-version": "2022-11-28",
                ...(body === undefined ? {} : { "content-type": "application/json" }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            signal: AbortSignal.timeout(LIMIT_MS),
        });
        if (!response.ok) {
            const said = (await response.text()).slice(0, 500);
            throw new Error(`${method} ${repository}${path}: the forge answered ${response.status}: ${said}`);
        }
        return response.json();
    }
}
