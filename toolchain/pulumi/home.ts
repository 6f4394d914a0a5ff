import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Cache } from "../cache/cache";
import { stateRoot } from "../paths";
import type { FoundTool } from "../tools";
import { folderOf, isCloud, placeOf } from "./backend";
import { ensurePassphrase, isLabPassphrase, passphraseFor } from "./passphrase";

/** How Pulumi is called: variables beside the person's own environment. */
export interface PulumiSetup {
    /** Whether the person's own Pulumi is used, and not the lab's. */
    own: boolean;
    /** PULUMI_HOME when Pulumi is the lab's. */
    home: string | undefined;
    /** Variables to set. Variables that the person has set are not among them. */
    variables: Record<string, string>;
    /** File to make before Pulumi runs, where the lab's own passphrase is used. */
    passphraseFile: string | undefined;
    /** Address of the backend that keeps the stacks' state. */
    backend: string;
    /** Folder of the stacks' state, where the lab keeps it. It goes with the last stack. */
    stateDir: string | undefined;
    /** Folder of the backend, whether it is the lab's or the person's own. Undefined: the backend is no folder. */
    backendFolder: string | undefined;
}

/** The facts from which {@link pulumiSetup} decides. */
export interface PulumiFacts {
    where: FoundTool["where"];
    env: NodeJS.ProcessEnv;
    /** Backend of `pulumi login`, in ~/.pulumi/credentials.json. */
    login: string | undefined;
}

/** The backend the person is logged in to, if any. */
export function currentLogin(env: NodeJS.ProcessEnv = process.env): string | undefined {
    const file = join(env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "credentials.json");
    try {
        return (JSON.parse(readFileSync(file, "utf8")) as { current?: string }).current || undefined;
    } catch {
        return undefined;
    }
}

/**
 * Decides how Pulumi is called. A person's own Pulumi keeps its home, plugins and backend, and gets only what is
 * missing. The lab's own Pulumi gets a home in the cache, a state folder and a passphrase file, so that ~/.pulumi stays
 * as it is.
 */
export function pulumiSetup(cache: Cache, facts: PulumiFacts): PulumiSetup {
    const { env } = facts;
    const own = facts.where === "PATH";
    const home = own || env["PULUMI_HOME"] ? undefined : join(cache.root, "pulumi-home");
    const state = stateRoot(env);
    const backend = env["PULUMI_BACKEND_URL"] || (own ? facts.login : undefined) || labBackend(state);
    const variables: Record<string, string> = {
        PULUMI_SKIP_UPDATE_CHECK: env["PULUMI_SKIP_UPDATE_CHECK"] ?? "true",
        // A type check costs 10 s of CPU. It belongs to the tests, and not to each run.
        PULUMI_NODEJS_TRANSPILE_ONLY: env["PULUMI_NODEJS_TRANSPILE_ONLY"] ?? "true",
    };
    if (home !== undefined) {
        variables["PULUMI_HOME"] = home;
    }
    const stateDir = backend === labBackend(state) ? join(state, "pulumi") : undefined;
    if (stateDir !== undefined) {
        variables["PULUMI_BACKEND_URL"] = backend;
    }
    // Pulumi Cloud encrypts by itself; every other backend needs a passphrase. An empty passphrase counts as given.
    const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
    const given = env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || (file && !isLabPassphrase(state, file));
    const passphraseFile =
        isCloud(backend) || given
            ? undefined
            : passphraseFor(state, stateDir === undefined ? placeOf(backend) : undefined);
    if (passphraseFile !== undefined) {
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphraseFile;
    }
    return { own, home, variables, passphraseFile, backend, stateDir, backendFolder: folderOf(backend) };
}

/**
 * Text of a file where Pulumi (3.259) would have its folder of logs. Pulumi writes the whole log of every command
 * there, encrypted, and has no setting against it: this takes a third of the time of a preview with a thousand hosts,
 * and 500 MB. Where Pulumi cannot make the folder, it writes no log. A folder that is there already stays: somebody
 * wants the logs.
 */
const INSTEAD_OF_LOGS =
    "This file keeps Pulumi from logging here, which takes a third of its time with large labs. " +
    "Without it, Pulumi does so again: see `pulumi logs`.\n";

const labBackend = (state: string): string => `file://${join(state, "pulumi")}`;

/** Makes the state folder, the lab's Pulumi home and the passphrase file. */
export async function preparePulumiState(setup: PulumiSetup): Promise<void> {
    if (setup.stateDir !== undefined) {
        await mkdir(setup.stateDir, { recursive: true, mode: 0o700 });
    }
    if (setup.home !== undefined) {
        await mkdir(setup.home, { recursive: true });
        await writeFile(join(setup.home, "logs"), INSTEAD_OF_LOGS, { flag: "wx" }).catch(
            (error: NodeJS.ErrnoException) => {
                if (error.code !== "EEXIST" && error.code !== "EISDIR") {
                    throw error;
                }
            },
        );
    }
    if (setup.passphraseFile !== undefined) {
        await ensurePassphrase(setup.passphraseFile);
    }
}
