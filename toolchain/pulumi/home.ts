import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Cache } from "../cache/cache";
import { stateRoot } from "../paths";
import type { FoundTool } from "../tools";

/** How Pulumi is to be called: variables beside the person's own environment. */
export interface PulumiSetup {
    /** The person's own Pulumi, or the lab's. */
    own: boolean;
    /** PULUMI_HOME when Pulumi is the lab's. */
    home: string | undefined;
    /** Variables to be set; those the person has set are not among them. */
    variables: Record<string, string>;
    /** File to be made before Pulumi runs, if the lab's passphrase is used. */
    passphraseFile: string | undefined;
    /** Where the lab keeps the stacks' state, if it does. */
    stateDir: string | undefined;
}

/** What decides about it. */
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
 * Decides how Pulumi is called. A person's own Pulumi keeps its home, plugins and backend; only what is missing is given. The lab's own Pulumi gets a home
 * in the cache, a state folder and a passphrase file, so that ~/.pulumi stays as it is.
 */
export function pulumiSetup(cache: Cache, facts: PulumiFacts): PulumiSetup {
    const { env } = facts;
    const own = facts.where === "PATH";
    const home = own || env["PULUMI_HOME"] ? undefined : join(cache.root, "pulumi-home");
    const state = stateRoot(env);
    const backend = env["PULUMI_BACKEND_URL"] || (own ? facts.login : undefined);
    const variables: Record<string, string> = {
        PULUMI_SKIP_UPDATE_CHECK: env["PULUMI_SKIP_UPDATE_CHECK"] ?? "true",
        // Checking types at each run costs 10 s of CPU; that belongs to the tests.
        PULUMI_NODEJS_TRANSPILE_ONLY: env["PULUMI_NODEJS_TRANSPILE_ONLY"] ?? "true",
    };
    if (home !== undefined) {
        variables["PULUMI_HOME"] = home;
    }
    let stateDir: string | undefined;
    if (backend === undefined || backend === labBackend(state)) {
        stateDir = join(state, "pulumi");
        variables["PULUMI_BACKEND_URL"] = labBackend(state);
    }
    // Pulumi Cloud encrypts by itself; every other backend wants a passphrase. One that is set to nothing is set.
    const cloud = backend !== undefined && /^https?:/.test(backend);
    const given =
        env["PULUMI_CONFIG_PASSPHRASE"] !== undefined ||
        (env["PULUMI_CONFIG_PASSPHRASE_FILE"] && env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== passphrase(state));
    const passphraseFile = cloud || given ? undefined : passphrase(state);
    if (passphraseFile !== undefined) {
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphraseFile;
    }
    return { own, home, variables, passphraseFile, stateDir };
}

/**
 * Pulumi (3.259) writes every command's whole log, encrypted, into a folder of its home, and has no setting for it: a third of a preview of a thousand
 * hosts, and 500 MB. It does without where it cannot make that folder. A folder that is there stays: somebody wants the logs.
 */
const INSTEAD_OF_LOGS = `This file keeps Pulumi from logging here, which takes a third of its time with large labs. Without it, Pulumi does so again: see \`pulumi logs\`.\n`;

const labBackend = (state: string): string => `file://${join(state, "pulumi")}`;
const passphrase = (state: string): string => join(state, "passphrase");

/** Makes the state folder, what is in the lab's Pulumi home, and the passphrase file, readable by this user only. A passphrase that is there is never replaced: secrets depend on it. */
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
    if (setup.passphraseFile === undefined || existsSync(setup.passphraseFile)) {
        return;
    }
    await mkdir(join(setup.passphraseFile, ".."), { recursive: true, mode: 0o700 });
    // Its own name for each caller, also within one process.
    const temporary = `${setup.passphraseFile}.${randomBytes(6).toString("hex")}`;
    await writeFile(temporary, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    try {
        // link() refuses to replace: of two runs at the same time one wins, and both use the winner's.
        await link(temporary, setup.passphraseFile);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
            throw error;
        }
    } finally {
        await rm(temporary, { force: true });
    }
}
