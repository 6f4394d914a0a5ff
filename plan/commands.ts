import { stackName } from "./identities";

/** The stack that the lab's commands are about where none is named. */
export const DEFAULT_STACK = "dev";

/** A command of package.json as a person types it for a stack: "npm run down -- --stack other". */
export function npmRun(command: string, stack: string, ...args: string[]): string {
    const name = stackName(stack);
    const all = [...args, ...(name === DEFAULT_STACK ? [] : ["--stack", name])];
    return ["npm run", command, ...(all.length === 0 ? [] : ["--", ...all])].join(" ");
}
