import { summary, type Summary } from "../summary";
import { unlessDeleted, type Stage } from "./definitions";
import type { Timeline } from "./timeline";

/** An object stalls in a stage that takes it this many seconds longer than the median. */
export const STALL_SECONDS = 60;

/** An object that took far longer for a stage than the median. */
export interface Stall {
    name: string;
    stage: string;
    seconds: number;
    /** Whether the object is still in the stage. */
    open: boolean;
}

/** Durations of a stage in seconds, over the objects that have ended it. */
export interface StageStatistics extends Summary {
    name: string;
    meaning: string;
    /** Objects that are in the stage now. */
    open: number;
    stalls: Stall[];
}

/** The objects of one kind. */
export interface Group {
    /** Objects in the list, and how many of them are being deleted. */
    count: number;
    deleting: number;
    stages: StageStatistics[];
    /** Events of each object, ISO 8601, to plot them. */
    objects: { name: string; uid: string; events: Record<string, string> }[];
}

/** @param now when the objects were read. */
export function stageStatistics<T extends Timeline>(objects: T[], stages: Stage<T>[], now: Date): Group {
    return {
        count: objects.length,
        deleting: objects.filter(({ deleting }) => deleting).length,
        stages: stages.map((stage) => statisticsOf(objects, stage, now)),
        objects: objects.map(({ name, uid, events }) => ({
            name,
            uid,
            events: Object.fromEntries(
                Object.entries(events).map(([event, when]) => [event, new Date(when).toISOString()]),
            ),
        })),
    };
}

function statisticsOf<T extends Timeline>(objects: T[], stage: Stage<T>, now: Date): StageStatistics {
    const { name, meaning, from, to, underWay = unlessDeleted, stalls = true } = stage;
    const spans = objects.flatMap((object): Stall[] => {
        const { [from]: begin, [to]: end } = object.events;
        if (begin === undefined || (end === undefined && !underWay(object))) {
            return [];
        }
        const seconds = Math.max(0, ((end ?? now.getTime()) - begin) / 1000);
        return [{ name: object.name, stage: name, seconds, open: end === undefined }];
    });
    const ended = summary(spans.filter(({ open }) => !open).map(({ seconds }) => seconds));
    const { median } = ended;
    const far = median === null || !stalls ? [] : spans.filter(({ seconds }) => seconds > median + STALL_SECONDS);
    return {
        name,
        meaning,
        ...ended,
        open: spans.filter(({ open }) => open).length,
        stalls: far.sort((a, b) => b.seconds - a.seconds),
    };
}
