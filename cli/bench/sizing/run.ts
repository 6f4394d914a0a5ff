import type { Enrolment, Sighting, SizingPoint, SizingRow } from "./row";
import type { SizingStep } from "./steps";

/** What is done to the lab, and read from it. */
export interface SizingLab {
    /** Seconds between two power syncs. */
    interval(point: SizingPoint): number;
    begin(): Promise<void>;
    /** Brings the lab to a point whose hosts are there already. */
    bring(point: SizingPoint): Promise<void>;
    /** Lets the lab grow to a point. @param from number of hosts that it has */
    grow(point: SizingPoint, from: number): Promise<Enrolment>;
    /** Waits until nothing of the last change is left. */
    settle(): Promise<void>;
    rest(point: SizingPoint): Promise<NonNullable<SizingRow["rest"]>>;
    latency(point: SizingPoint): Promise<NonNullable<SizingRow["latency"]>>;
    /** Changes the power of some hosts at their BMCs and waits until Ironic's power sync has found it. */
    powerSync(point: SizingPoint): Promise<Sighting[]>;
    /** CPU-milliseconds of a fixed piece of work. */
    calibrate(): number;
    end(): Promise<void>;
}

/**
 * Goes the way through all points.
 * @param rows gets a row for each point, which grows with each thing that is measured
 * @param write is called after each of them, so that a run which is stopped keeps what it has
 */
export async function runSizing(
    steps: readonly SizingStep[],
    lab: SizingLab,
    rows: SizingRow[],
    write: () => Promise<void>,
): Promise<void> {
    for (const step of steps) {
        if (step.do === "begin") {
            await lab.begin();
        } else if (step.do === "end") {
            await lab.end();
        } else if (step.do === "bring") {
            await lab.bring(step.point);
        } else {
            await measure(step, lab, rows, write);
        }
    }
}

async function measure(
    { point, grownFrom }: Extract<SizingStep, { do: "measure" }>,
    lab: SizingLab,
    rows: SizingRow[],
    write: () => Promise<void>,
): Promise<void> {
    const row: SizingRow = { ...point, began: new Date().toISOString(), intervalSeconds: lab.interval(point) };
    const before = lab.calibrate();
    if (grownFrom === undefined) {
        await lab.bring(point);
    } else {
        row.enrolment = await lab.grow(point, grownFrom);
    }
    rows.push(row);
    await write();
    await lab.settle();
    row.rest = await lab.rest(point);
    await write();
    row.latency = await lab.latency(point);
    await write();
    row.sightings = await lab.powerSync(point);
    row.calibrationMs = [before, lab.calibrate()];
    await write();
}
