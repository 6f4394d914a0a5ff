import { changesMore, roomOf, sizeChange, unpredictable, type WantedChange } from "./change";
import { FITTED } from "./fitted";
import { biasOf, type OwnRun, type Room } from "./own-runs";
import { predict, type Prediction, type SizeChange } from "./predict";

/** A machine for which something is predicted. */
export interface PredictedMachine extends Room {
    /** Runs of labs that it had. */
    ownRuns: readonly OwnRun[];
}

/** What is predicted of a change, and for which room. */
export interface Predicted {
    change: SizeChange;
    room: Room;
    prediction: Prediction;
    /** Whether more than the size changes, which takes its time as well. */
    more: boolean;
}

/**
 * Predicts what a change takes.
 * @returns `nothing` where hosts, machines and conductors stay as many, `why` where nothing can be predicted
 */
export function predicted(
    wanted: WantedChange,
    machine: PredictedMachine,
): Predicted | { nothing: true } | { why: string } {
    const { plan, config } = wanted;
    const change = sizeChange(wanted);
    if (change === undefined) {
        return { nothing: true };
    }
    const why = unpredictable(config);
    if (why !== undefined) {
        return { why };
    }
    const room = roomOf(plan, machine);
    const bias = biasOf(machine.ownRuns, room, config.substrate, FITTED);
    return { change, room, prediction: predict(change, room, FITTED, bias), more: changesMore(wanted) };
}

/** Two digits say all that a prediction knows. */
function rounded(value: number): number {
    const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
    return Math.round(value / unit) * unit;
}

/** A time without seconds that nobody can know: `50 s`, `6 min 30 s`, `25 min`, `1 h 30 min`. */
export function roughTime(seconds: number): string {
    const unit = seconds < 600 ? 10 : seconds < 3600 ? 60 : 600;
    const whole = Math.max(unit, Math.round(seconds / unit) * unit);
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
    const parts = [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", rest > 0 ? `${rest} s` : ""];
    return parts.filter((part) => part !== "").join(" ");
}

/** An error as a person reads it. */
export const percent = (share: number): string => `± ${Math.round(share * 100)} %`;

const roomText = ({ cores, memoryGib }: Room): string =>
    `${cores} core${cores === 1 ? "" : "s"} and ${Math.round(memoryGib)} GiB`;

function holdsText({ holds, bound }: Prediction, room: Room, { to }: SizeChange): string {
    const which = to.machines === 0 ? "" : " in this proportion to clusters";
    return `${roomText(room)} hold about ${rounded(holds)} hosts${which}, bounded by the ${bound}`;
}

/** What was predicted, in words. */
export function sentence({ change, room, prediction, more }: Predicted): string {
    const { seconds, secondsError, gib, gibError, verdict, grows, ownRuns } = prediction;
    const time = Number.isFinite(seconds)
        ? `takes about ${roughTime(seconds)} (${percent(secondsError)})`
        : "comes to no end";
    const memory = `${gib.toFixed(1)} GiB of memory at most (${percent(gibError)})`;
    const by = ownRuns === 0 ? "" : `, by ${ownRuns} run${ownRuns === 1 ? "" : "s"} of this machine`;
    const on = more ? ", and what is rolled or gets another version on top" : "";
    const takes = `${time}${by}${on}`;
    if (!grows) {
        return takes;
    }
    return verdict === "fits"
        ? `${takes}; ${memory}: fits ${roomText(room)}`
        : `${verdict}: ${takes}; ${memory}; ${holdsText(prediction, room, change)}`;
}

/** What was predicted, in a line; undefined where hosts, machines and conductors stay as many as they are. */
export function predictionLine(found: ReturnType<typeof predicted>): string | undefined {
    if ("nothing" in found) {
        return undefined;
    }
    return `predicted: ${"why" in found ? `nothing, because ${found.why}` : sentence(found)}`;
}
