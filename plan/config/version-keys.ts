import { derived, withDefault } from "./definition";
import * as values from "./values";

const ON_CHANGE =
    "Upwards: all conductors stop, the first of the new ones migrates Ironic's database, and all start again; hosts " +
    "and clusters stay. Refused downwards: a migrated database has no way back.";

/** Keys of the versions that the lab runs. What there is to choose from stands in toolchain/images/images.yaml. */
export const versionKeys = {
    versionSet: derived(values.setName, {
        meaning: "Versions that go together, by the name of their set (docs/versions.md).",
        range: "name of a set",
        unset: "the default set, with which all tests of this checkout have passed",
        effects: ["restarts pods"],
        onChange: ON_CHANGE,
    }),
    versions: withDefault(values.versionMap, "{}", {
        meaning: "Versions of single parts, in the place of those of the set: `{ironic: VERSION}`.",
        range: "those of docs/versions.md",
        effects: ["restarts pods"],
        onChange: ON_CHANGE,
    }),
} as const;
