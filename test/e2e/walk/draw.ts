import * as fc from "fast-check";
import * as semver from "semver";
import type { LivingLab } from "../../../plan/change/living-lab";
import { changeProblems } from "../../../plan/change/problems";
import type { Key } from "../../../plan/config/keys";
import { allKubernetesVersions } from "../../../plan/config/kubernetes-versions";
import { clusterName } from "../../../plan/identities";
import type { FleetConfig } from "../steps/fleet";

/** The keys that a walk changes. */
export interface WalkConfig extends Omit<FleetConfig, "provisioningCidr" | "substrate"> {
    hostsAtOnce: number;
    rolloutsAtOnce: number;
}

export type WalkKey = keyof WalkConfig;

/** When Pulumi is killed in a step. */
export interface Kill {
    /** It has to have said so many lines. */
    lines: number;
    /** Time from then on, seconds. */
    seconds: number;
    /** Whether it notes in the stack's state what it has made before it is killed. That of a large lab does not. */
    noted: boolean;
}

/** One step of a walk. */
export interface Step {
    /** The configuration that the lab has before it. */
    before: WalkConfig;
    /** The configuration that is set. */
    wanted: WalkConfig;
    /** The keys of both that differ. */
    changed: WalkKey[];
    /** The keys for which the lab must refuse it. Empty: the lab takes it. */
    refused: Key[];
    kill?: Kill;
}

/** The lab with which a walk starts. */
export const START: WalkConfig = {
    nodes: 4,
    clusters: 2,
    conductors: 2,
    controlPlaneNodes: 1,
    workerNodes: 0,
    kubernetesVersion: "v1.34.1",
    hostsAtOnce: 24,
    rolloutsAtOnce: 24,
};

/** In so many steps that the lab takes, Pulumi is killed once. */
export const KILL_EVERY = 3;
/** In so many steps, the lab is asked once for what it must refuse. */
export const REFUSE_EVERY = 7;

/** The largest lab of a walk. */
export const MOST = { nodes: 8, clusters: 3, conductors: 3 };

const upTo = (least: number, most: number): number[] =>
    Array.from({ length: most - least + 1 }, (_, index) => least + index);

const VERSIONS = allKubernetesVersions();

/** Versions that are not far away: a walk that takes any would be at the last one after a step or two. */
function nearVersions(from: string): string[] {
    return VERSIONS.filter((version) =>
        semver.minor(version) === semver.minor(from)
            ? Math.abs(semver.patch(version) - semver.patch(from)) <= 2
            : semver.patch(version) <= 1 && semver.minor(version) >= semver.minor(START.kubernetesVersion) - 1,
    );
}

/** Values that a key may get, its present one among them. Not every lab takes each of them. */
const valuesOf = (from: WalkConfig): { [K in WalkKey]: WalkConfig[K][] } => ({
    nodes: upTo(0, MOST.nodes),
    clusters: upTo(0, MOST.clusters),
    conductors: upTo(1, MOST.conductors),
    controlPlaneNodes: [1, 3],
    workerNodes: [0, 1],
    kubernetesVersion: nearVersions(from.kubernetesVersion),
    hostsAtOnce: [1, 2, 5, 24],
    rolloutsAtOnce: [1, 2, 24],
});

const KEYS = Object.keys(START) as WalkKey[];

/** Each key, and each two keys. */
const KEY_SETS: WalkKey[][] = KEYS.flatMap((key, index) => [
    [key],
    ...KEYS.slice(index + 1).map((other): WalkKey[] => [key, other]),
]);

/** Every configuration that differs from another one in these keys, and in no other. */
function neighbours(from: WalkConfig, keys: readonly WalkKey[]): WalkConfig[] {
    const values = valuesOf(from);
    return keys.reduce<WalkConfig[]>(
        (configs, key) =>
            configs.flatMap((config) =>
                values[key].filter((value) => value !== from[key]).map((value) => ({ ...config, [key]: value })),
            ),
        [from],
    );
}

export const machinesOf = ({ controlPlaneNodes, workerNodes }: WalkConfig): number => controlPlaneNodes + workerNodes;

/** The keys for which a lab with one configuration refuses another one. */
function refusedKeys(before: WalkConfig, wanted: WalkConfig): Key[] {
    const { kubernetesVersion: version, controlPlaneNodes, workerNodes } = before;
    const cluster = { version, controlPlaneNodes, workerNodes };
    const clusters = Object.fromEntries(upTo(0, before.clusters - 1).map((index) => [clusterName(index), cluster]));
    const living: LivingLab = {
        stack: "walk",
        kept: {},
        identified: true,
        versions: {},
        conductors: 0,
        hosts: {},
        profiles: {},
        bootModes: {},
        clusters,
    };
    const tooFew: Key[] = wanted.clusters * machinesOf(wanted) > wanted.nodes ? ["nodes"] : [];
    return [...tooFew, ...changeProblems(living, wanted).map(({ key }) => key)];
}

/** A lab without clusters takes a lower version, since it lowers that of no cluster. A walk goes upwards only. */
const isLowered = (before: WalkConfig, wanted: WalkConfig): boolean =>
    semver.lt(wanted.kubernetesVersion, before.kubernetesVersion);

const isTaken = (before: WalkConfig, wanted: WalkConfig): boolean =>
    !isLowered(before, wanted) && refusedKeys(before, wanted).length === 0;

/** Draws a configuration that the lab takes: first the keys, so that those with few values are drawn as often. */
function takenConfig(before: WalkConfig): fc.Arbitrary<WalkConfig> {
    const choices = KEY_SETS.map((keys) => neighbours(before, keys).filter((wanted) => isTaken(before, wanted))).filter(
        ({ length }) => length > 0,
    );
    return fc.constantFrom(...choices).chain((configs) => fc.constantFrom(...configs));
}

/** Draws a configuration that the lab refuses: first for which keys. */
function refusedConfig(before: WalkConfig): fc.Arbitrary<WalkConfig> {
    const byKeys = new Map<string, WalkConfig[]>();
    for (const wanted of KEY_SETS.flatMap((keys) => neighbours(before, keys))) {
        const reasons = refusedKeys(before, wanted).join();
        if (reasons !== "") {
            byKeys.set(reasons, [...(byKeys.get(reasons) ?? []), wanted]);
        }
    }
    return fc.constantFrom(...byKeys.values()).chain((configs) => fc.constantFrom(...configs));
}

/** Draws a moment that comes before the end of `up`, however little it has to do. */
function killIn(changed: readonly WalkKey[]): fc.Arbitrary<Kill> {
    const isShort = changed.every((key) => ["hostsAtOnce", "rolloutsAtOnce", "conductors"].includes(key));
    return fc.record({
        lines: fc.integer({ min: 2, max: isShort ? 4 : 20 }),
        seconds: fc.integer({ min: 0, max: isShort ? 2 : 8 }),
        noted: fc.boolean(),
    });
}

/** Where in the groups of steps the first refusal and the first kill are. */
interface Offsets {
    refusal: number;
    kill: number;
}

/** Draws the step that follows on others. */
function nextStep(steps: readonly Step[], offsets: Offsets): fc.Arbitrary<Step> {
    const last = steps.at(-1);
    const before = last === undefined ? START : last.refused.length > 0 ? last.before : last.wanted;
    const toStep = (wanted: WalkConfig): Step => ({
        before,
        wanted,
        changed: KEYS.filter((key) => wanted[key] !== before[key]),
        refused: refusedKeys(before, wanted),
    });
    if ((steps.length + offsets.refusal) % REFUSE_EVERY === 0) {
        return refusedConfig(before).map(toStep);
    }
    const taken = takenConfig(before).map(toStep);
    const takenSoFar = steps.filter(({ refused }) => refused.length === 0).length;
    return (takenSoFar + offsets.kill) % KILL_EVERY === 0
        ? taken.chain((step) => killIn(step.changed).map((kill) => ({ ...step, kill })))
        : taken;
}

/** All walks of a length. Every step follows from those before, so a walk begins with the shorter ones. */
export const walks = (length: number): fc.Arbitrary<Step[]> =>
    fc
        .record({ refusal: fc.nat({ max: REFUSE_EVERY - 1 }), kill: fc.nat({ max: KILL_EVERY - 1 }) })
        .chain((offsets) =>
            fc.chainUntil(fc.constant<Step[]>([]), (steps) =>
                steps.length >= length ? undefined : nextStep(steps, offsets).map((step) => [...steps, step]),
            ),
        );

/** The walk of a seed. */
export const drawWalk = (length: number, seed: number): Step[] =>
    fc.sample(fc.noBias(walks(length)), { seed, numRuns: 1 })[0] ?? [];

/** A step in words, as the title of its test. */
export function describeStep({ before, wanted, changed, refused, kill }: Step): string {
    const change = changed.map((key) => `${key} ${before[key]} -> ${wanted[key]}`).join(", ");
    if (refused.length > 0) {
        return `${change}: refused for ${refused.join(" and ")}`;
    }
    const killed =
        kill === undefined
            ? ""
            : `; Pulumi killed ${kill.seconds} s after its line ${kill.lines}` +
              (kill.noted ? "" : ", with nothing noted");
    return `${change}${killed}`;
}
