import { derived, withDefault } from "./definition";
import * as values from "./values";

const ON_CHANGE =
    "Upwards; sushy-tools both ways. Ironic: all conductors stop, the first of the new ones migrates its database, " +
    "and all start again. Cluster API: its managers stop, and start again in upstream's order. Kubernetes: the " +
    "containers of the nodes are replaced over their volumes. Others: their pods or containers are replaced. Hosts " +
    "and clusters stay. Refused downwards: a migrated database and a stored object have no way back.";

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
        meaning:
            "Versions of single parts, in the place of those of the set: `{PART: VERSION}`, where PART is ironic, " +
            "capi, kubernetes, sushyTools, mariadb, bmo, capm3 or ipam. That of kubernetes is the management " +
            "cluster's, on the substrate embedded only.",
        range: "those of docs/versions.md",
        effects: ["restarts pods", "restarts the pairs", "restarts the node"],
        onChange: ON_CHANGE,
    }),
} as const;
