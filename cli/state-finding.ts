import { Cache } from "../toolchain/cache/cache";
import type { Finding } from "../toolchain/doctor";
import { cacheRoot } from "../toolchain/paths";
import { isCloud, withoutCredentials } from "../toolchain/pulumi/backend";
import { currentLogin, pulumiSetup, type PulumiSetup } from "../toolchain/pulumi/home";
import { findTool } from "../toolchain/tools";
import { secretsProvider } from "./secrets-provider";
import { stackFile } from "./stack-file";

/** What opens the secrets in the state. */
function opener({ backend, passphraseFile }: PulumiSetup, provider: string | undefined): string {
    if (provider !== undefined && provider !== "passphrase") {
        return `secrets by ${provider}`;
    }
    if (isCloud(backend)) {
        return "secrets by the backend itself";
    }
    return passphraseFile === undefined
        ? "secrets by your own passphrase"
        : `secrets by the lab's passphrase, ${passphraseFile}`;
}

/** How Pulumi would be called here. Nothing is made for it. */
export async function presentSetup(env: NodeJS.ProcessEnv = process.env): Promise<PulumiSetup> {
    const cache = new Cache(cacheRoot(env));
    const { where } = await findTool(cache, "pulumi");
    return pulumiSetup(cache, { where, env, login: currentLogin(env) });
}

/** Where the state of a stack is kept, and what opens its secrets. Without the latter, the state opens nowhere. */
export async function stateFinding(stack: string, env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
    const setup = await presentSetup(env);
    const provider = await secretsProvider(stackFile(stack));
    return {
        what: "Pulumi's state",
        state: "ok",
        found: `${withoutCredentials(setup.backend)}; ${opener(setup, provider)}`,
    };
}
