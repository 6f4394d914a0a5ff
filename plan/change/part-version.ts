import { compareVersions } from "../compare-versions";
import type { LabConfig } from "../config/keys";
import { choosesKubernetes, chosenVersions, versionsOf, type VersionSets } from "../config/version-sets";
import type { LivingLab } from "./living-lab";
import { replaceLab, type ChangeProblem } from "./replace-lab";

/** What a change of a part's version means for a lab that is there. */
interface Part {
    /** As people write it. */
    name: string;
    /** What another version restarts, in the order in which it happens. */
    restarts: string;
    /** Why it has no way back. Undefined: it has one. */
    noWayBack?: string;
}

const NOT_CONVERTED = "its stored objects are converted upwards only";

/** The parts whose version the configuration chooses, in the order in which a change is told. */
export const PARTS: Readonly<Record<string, Part>> = {
    kubernetes: {
        name: "Kubernetes",
        restarts: "the containers of the nodes are replaced over their volumes, and all pods start again",
        noWayBack: "Kubernetes stores objects as an earlier minor version may not read them",
    },
    mariadb: {
        name: "MariaDB",
        restarts: "its pod is replaced, and Ironic waits for it",
        noWayBack: "MariaDB reads no data files of a later version",
    },
    ironic: {
        name: "Ironic",
        restarts: "all conductors stop, its database is migrated, and they start again",
        noWayBack: "Ironic migrates no database back",
    },
    sushyTools: {
        name: "sushy-tools",
        restarts: "its containers are replaced, and keep the state of their machines",
    },
    bmo: {
        name: "the bare-metal operator",
        restarts: "its pod is replaced",
        noWayBack: "a stored object may have what the earlier version does not know",
    },
    capi: {
        name: "Cluster API",
        restarts: "its three managers stop, and core, bootstrap and control plane start again in this order",
        noWayBack: "Cluster API converts no stored object back",
    },
    capm3: { name: "CAPM3", restarts: "its manager stops, and starts again", noWayBack: NOT_CONVERTED },
    ipam: { name: "IPAM", restarts: "its manager stops, and starts again", noWayBack: NOT_CONVERTED },
};

/**
 * The versions of parts that a configuration chooses, without those of a name that there is not, and without that of
 * Kubernetes where the lab does not make the nodes.
 */
export function wantedParts(
    config: Pick<LabConfig, "versionSet" | "versions"> & Partial<Pick<LabConfig, "substrate">>,
    known: VersionSets,
): Record<string, string> {
    if (!Object.hasOwn(known.sets, config.versionSet ?? known.defaultSet)) {
        return {};
    }
    const chosen = Object.entries(chosenVersions(config, known));
    const isChosen = (part: string): boolean => part !== "kubernetes" || choosesKubernetes(config.substrate);
    return Object.fromEntries(
        chosen.filter(([part, version]) => isChosen(part) && versionsOf(part, known)?.includes(version)),
    );
}

/** Parts of a lab whose version a configuration would lower. */
export function partProblems(before: LivingLab, after: Partial<LabConfig>, known: VersionSets): ChangeProblem[] {
    const { versionSet, versions: single, substrate } = after;
    // A value that is itself broken is absent, and has a problem already.
    if (!("versionSet" in after) || single === undefined) {
        return [];
    }
    const wanted = wantedParts({ versionSet, versions: single, ...(substrate && { substrate }) }, known);
    return changed(before.versions, wanted).flatMap(({ part, name, had, wants, noWayBack }) => {
        if (noWayBack === undefined || compareVersions(wants, had) >= 0) {
            return [];
        }
        const rule =
            `would be ${name} ${wants}, below ${had}, which this lab has: ${noWayBack}. ` +
            `Leave it at ${had} or above (pulumi config set --path versions.${part} ${had}), or ${replaceLab(before)}`;
        return [{ key: part in single ? ("versions" as const) : ("versionSet" as const), rule }];
    });
}

/** What other versions of parts restart, in words. */
export const partChanges = (had: Record<string, string>, wanted: Record<string, string>): string[] =>
    changed(had, wanted).map(({ name, had: from, wants, restarts }) => `${name} ${from} to ${wants}: ${restarts}`);

/** The parts that a lab has in another version than is wanted. */
const changed = (
    before: Record<string, string>,
    wanted: Record<string, string>,
): (Part & { part: string; had: string; wants: string })[] =>
    Object.entries(PARTS).flatMap(([part, words]) => {
        const [had, wants] = [before[part], wanted[part]];
        return had === undefined || wants === undefined || had === wants ? [] : [{ ...words, part, had, wants }];
    });
