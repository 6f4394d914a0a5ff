import { labPrefix, stackName } from "../identities";
import type { Problem } from "../problem";
import type { LivingLab } from "./living-lab";
import { replaceLab } from "./replace-lab";

/**
 * The problem that a lab was made under another name of its stack (`pulumi stack rename`). The name is part of the
 * UUIDs and MAC addresses of its hosts, and of every name in Docker.
 */
export function renameProblems({ prefix, stack }: Pick<LivingLab, "prefix" | "stack">): Problem[] {
    const name = stackName(stack);
    if (prefix === undefined || prefix === labPrefix(name)) {
        return [];
    }
    const before = prefix.slice(labPrefix("").length);
    const rule =
        `this lab was made as the stack ${before}, and that name is part of its hosts: rename the stack back ` +
        `(pulumi stack rename ${before}), or ${replaceLab({ stack })}`;
    return [{ key: "stack", value: name, rule }];
}
