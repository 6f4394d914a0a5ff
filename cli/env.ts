import { Cache } from "../toolchain/cache/cache";
import { cacheRoot } from "../toolchain/paths";
import { currentLogin, preparePulumiState, pulumiSetup } from "../toolchain/pulumi/home";
import { exportLines } from "../toolchain/shell";
import { binDir, findTool } from "../toolchain/tools";
import { stackPulumiSettings } from "./pulumi";

/** Variables of this lab that a person has set, and that the Pulumi program must see in the shell that evaluates ours. */
const OURS = ["METAL3_SCALE_LAB_CACHE", "METAL3_SCALE_LAB_STATE", "METAL3_SCALE_LAB_PLUGINS"];

/**
 * `npm run -s env`: lines for `eval`, after which plain `pulumi preview`, `pulumi up` and so on work in that shell, and as fast as `npm run up` with a lab as large
 * as the stack is configured to be by then. Builds nothing.
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
