import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { livingLab } from "../../plan/change/living-lab";
import type { Effect } from "../../plan/config/definition";
import { keys, type Key } from "../../plan/config/keys";
import type { Problem } from "../../plan/problem";
import { ConfigurationError, validate } from "../../plan/validate";
import { KEY_GROUPS, keyGroups, REFUSED, SHOWN_BY } from "../e2e/steps/key-changes";
import { resourcesOf, STACK, type Raw } from "./living-lab";

const EVERY_KEY = Object.keys(keys) as Key[];
const effectsOf = (key: Key): readonly Effect[] => keys[key].effects;
const FOLDER = join(__dirname, "..", "e2e", "steps");

/** The labs of the end-to-end tests, by their substrate. */
const LABS: Record<string, Raw> = {
    embedded: { hostsAtOnce: "3" },
    minikube: {
        substrate: "minikube",
        minikubeDriver: "docker",
        minikubeBaseImage: "built",
        minikubeCpus: "2",
        minikubeMemory: "12288",
    },
    existing: { substrate: "existing", clusters: "2", storageClass: "standard" },
};

/** Problems of a change of a lab that is there. */
function problems(before: Raw, after: Raw): Problem[] {
    try {
        validate({ ...before, ...after }, { living: livingLab(STACK, resourcesOf(before)) });
        return [];
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems;
        }
        throw error;
    }
}

describe("The changes of keys in the end-to-end tests", () => {
    for (const key of EVERY_KEY) {
        it(`show every effect that ${key} declares`, () => {
            for (const effect of effectsOf(key).filter((each) => each !== "another lab")) {
                const inGroup = KEY_GROUPS.some((group) => group.effect === effect && key in group.changes);
                const step = SHOWN_BY[key]?.[effect];
                expect(inGroup || step !== undefined, effect).to.equal(true);
                if (step !== undefined) {
                    const text = readFileSync(join(FOLDER, `${step}.ts`), "utf8");
                    expect(text, step).to.match(new RegExp(String.raw`configure\(\{[^}]*\b${key}\b`));
                }
            }
            for (const [substrate, previews] of Object.entries(REFUSED)) {
                const refused = previews.some((preview) => key in preview);
                expect(refused, `refused on ${substrate}`).to.equal(effectsOf(key).includes("another lab"));
            }
        });
    }

    it("show no effect that a key does not declare", () => {
        for (const { effect, changes } of KEY_GROUPS) {
            for (const key of Object.keys(changes) as Key[]) {
                expect(effectsOf(key), key).to.include(effect);
            }
        }
    });

    for (const [substrate, previews] of Object.entries(REFUSED)) {
        it(`are valid, or refused with the rule that the table has, on the substrate ${substrate}`, () => {
            const before = LABS[substrate] as Raw;
            for (const preview of previews) {
                const values = Object.entries(preview).map(([key, { to }]): [string, string] => [key, to]);
                const found = problems(before, Object.fromEntries(values));
                for (const [key, { rule }] of Object.entries(preview)) {
                    const rules = found.filter((problem) => problem.key === key).map((problem) => problem.rule);
                    expect(rules.join("\n"), key).to.include(rule);
                }
            }
            // Each group is changed over the ones before it.
            let after = {};
            for (const group of keyGroups(substrate)) {
                const values = Object.entries(group.changes).map(([key, { to }]): [string, string] => [key, to]);
                after = { ...after, ...Object.fromEntries(values) };
                expect(problems(before, after), group.effect).to.deep.equal([]);
            }
        });
    }
});
