import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Effect } from "../../plan/config/definition";
import { keys, type Key } from "../../plan/config/keys";
import { livingLab } from "../../plan/change/living-lab";
import { ConfigurationError, validate } from "../../plan/validate";
import { KEY_GROUPS, keyGroups, REFUSED, SHOWN_BY } from "../e2e/steps/key-changes";
import { resourcesOf } from "./living-lab";

const EVERY_KEY = Object.keys(keys) as Key[];
const effectsOf = (key: Key): readonly Effect[] => keys[key].effects;
const stepText = (name: string): string => readFileSync(join(__dirname, "..", "e2e", "steps", `${name}.ts`), "utf8");

describe("The end-to-end test of the keys", () => {
    for (const key of EVERY_KEY) {
        it(`shows every declared effect of ${key}`, () => {
            for (const effect of effectsOf(key)) {
                if (effect === "another lab") {
                    for (const [substrate, previews] of Object.entries(REFUSED)) {
                        const isRefused = previews.some((preview) => key in preview);
                        const isMade = substrate === "minikube" || key !== "minikubeDriver";
                        expect(isRefused, `${key} on ${substrate}`).to.equal(true);
                        void isMade;
                    }
                    continue;
                }
                const groups = KEY_GROUPS.filter((group) => group.effect === effect && key in group.changes);
                const shown = SHOWN_BY[key]?.[effect];
                expect(groups.length > 0 || shown !== undefined, `${key}: ${effect}`).to.equal(true);
                if (shown !== undefined) {
                    expect(stepText(shown), `steps/${shown}.ts`).to.match(new RegExp(`\\b${key}\\b`));
                }
            }
        });
    }
});
