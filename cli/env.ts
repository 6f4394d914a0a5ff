import { Cache } from "../toolchain/cache/cache";
import { cacheRoot } from "../toolchain/paths";
import { currentLogin, preparePulumiState, pulumiSetup } from "../toolchain/pulumi/home";
import { exportLines } from "../toolchain/shell";
import { binDir, findTool } from "../toolchain/tools";
import { stackPulumiSettings } from "./pulumi";

/**
 * Variables that a person may have set for this lab. The shell that evaluates our lines must export them to the
 * program.
 */
const OURS = ["METAL3_SCALE_LAB_CACHE", "METAL3_SCALE_LAB_STATE", "METAL3_SCALE_LAB_PLUGINS"];

/**
 * `npm run -s env`: shell lines for `eval`, after which plain `pulumi` works in that shell. The settings for speed are
 * those for the size that the stack is configured for now: evaluate the lines again after raising `nodes`. Builds
 * nothing.
 * @throws Error when there is no Pulumi yet
 */
export async function environmentLines(stack: string, env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
    const cache = new Cache(cacheRoot(env));
    const pulumi = await findTool(cache, "pulumi");
    if (pulumi.where === "nowhere") {
        throw new Error("Pulumi is neither on PATH nor built yet: run `npm run up` or `npm run setup` first");
    }
    const setup = pulumiSetup(cache, { where: pulumi.where, env, login: currentLogin(env) });
    await preparePulumiState(setup);
    const given = Object.fromEntries(OURS.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
    return exportLines({ ...given, ...setup.variables, ...(await stackPulumiSettings(stack)) }, binDir(cache));
}
