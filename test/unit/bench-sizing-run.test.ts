import { expect } from "chai";
import type { SizingPoint, SizingRow } from "../../cli/bench/sizing/row";
import { runSizing, type SizingLab } from "../../cli/bench/sizing/run";
import { sizingSteps } from "../../cli/bench/sizing/steps";
import { row } from "./bench-sizing-points";

describe("a run of --sizing", () => {
    /** A lab that writes down what is done to it; `failing` throws. */
    const fakeLab = (log: string[], failing?: string): SizingLab => {
        const full = row();
        const did = <Result>(what: string, result: Result): Promise<Result> => {
            log.push(what);
            return what === failing ? Promise.reject(new Error(`no ${what}`)) : Promise.resolve(result);
        };
        const name = ({ nodes, powerSync }: SizingPoint): string => `${nodes} ${powerSync}`;
        return {
            interval: () => 120,
            begin: () => did("begin", undefined),
            bring: (point) => did(`bring ${name(point)}`, undefined),
            grow: (point, from) => did(`grow ${from} to ${name(point)}`, full.enrolment as never),
            settle: () => did("settle", undefined),
            rest: () => did("rest", full.rest as never),
            latency: () => did("latency", full.latency as never),
            powerSync: () => did("power sync", full.sightings as never),
            calibrate: () => 140,
            end: () => did("end", undefined),
        };
    };
    const steps = sizingSteps({ nodes: [4, 8], conductors: [2], powerSyncs: ["lab", "published"] }, false);

    it("measures each point at rest, after the pause, and changes power when all else is measured", async () => {
        const log: string[] = [];
        const rows: SizingRow[] = [];
        await runSizing(steps, fakeLab(log), rows, () => Promise.resolve());
        const atRest = ["settle", "rest", "latency", "power sync"];
        expect(log).to.deep.equal([
            "begin",
            ...["grow 0 to 4 lab", ...atRest],
            ...["bring 4 published", ...atRest],
            "bring 4 lab",
            ...["grow 4 to 8 lab", ...atRest],
            ...["bring 8 published", ...atRest],
            "end",
        ]);
        expect(rows.map(({ nodes, powerSync, enrolment }) => [nodes, powerSync, enrolment?.available])).to.deep.equal([
            [4, "lab", 100],
            [4, "published", undefined],
            [8, "lab", 100],
            [8, "published", undefined],
        ]);
        expect(rows[3]).to.include({ conductors: 2, intervalSeconds: 120 });
        expect(rows[3]?.calibrationMs).to.deep.equal([140, 140]);
    });

    it("writes its figures after each thing that it measured, so that a run which ends early keeps them", async () => {
        const rows: SizingRow[] = [];
        const written: string[][] = [];
        const write = (): Promise<void> => {
            written.push(Object.keys(rows[0] ?? {}).slice(5));
            return Promise.resolve();
        };
        const error = await runSizing(steps, fakeLab([], "power sync"), rows, write).then(
            () => undefined,
            (reason: Error) => reason.message,
        );
        expect(error).to.equal("no power sync");
        expect(written).to.deep.equal([["enrolment"], ["enrolment", "rest"], ["enrolment", "rest", "latency"]]);
    });
});
