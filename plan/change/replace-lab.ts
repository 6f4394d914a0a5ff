import { npmRun } from "../commands";
import type { Key } from "../config/keys";
import type { LivingLab } from "./living-lab";

/** A key whose new value a lab that is there cannot take, and the rule that says why. */
export interface ChangeProblem {
    key: Key;
    rule: string;
}

/** The way out for somebody who means it. Plain Pulumi has it as well: `pulumi destroy`, then `pulumi up`. */
export const replaceLab = ({ stack }: Pick<LivingLab, "stack">): string =>
    `have the lab taken away and another one made in its place: ${npmRun("up", stack, "--replace")}`;

/** Why a key has to stay as it is. @param value that the lab has, `""` where the key was not set */
export function keptRule(key: Key, value: string, before: Pick<LivingLab, "stack">): string {
    const back = value === "" ? `unset it (pulumi config rm ${key})` : `set it back to ${value}`;
    return (
        `this lab ${value === "" ? "was made without it" : `has ${value}`}, and keeps that as long as it lives: ` +
        `${back}, or ${replaceLab(before)}`
    );
}
