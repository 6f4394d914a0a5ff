import { duration } from "../../lib/duration";
import { plainTable } from "../plain-table";
import type { Found, Rung } from "./search";

/** What a rung's verdict is called. */
const VERDICTS: Readonly<Record<Rung["verdict"], string>> = {
    holds: "HOLDS",
    fails: "DOES NOT HOLD",
    refused: "NOT TRIED",
    unknown: "UNKNOWN",
};

const way = ({ from, hosts }: Rung): string => `${from} → ${hosts} hosts`;

/** What is said of a rung as soon as it is judged. */
export const rungLines = (rung: Rung): string[] => [
    `== ${way(rung)}: ${VERDICTS[rung.verdict]} (${duration(rung.seconds * 1000)})`,
    ...rung.says.map((line) => `  ${line}`),
];

/** What decided: the first thing that does not hold, in one line. */
const reason = ({ says, verdict }: Rung): string =>
    verdict === "holds" ? "" : ((says.find((line) => line.startsWith("FAIL")) ?? says[0] ?? "").split("\n")[0] ?? "");

/** All rungs, in the order in which they were tried. */
export const rungTable = (rungs: readonly Rung[]): string[] =>
    plainTable(
        ["rung", "verdict", "time", "why"],
        rungs.map((rung) => [way(rung), VERDICTS[rung.verdict], duration(rung.seconds * 1000), reason(rung)]),
    );

const ENDED: Readonly<Record<Found["ended"], string>> = {
    found: "",
    most: "; it was to look no further",
    time: "; its time was over, so it may be more",
    stopped: "; it was stopped, so it may be more",
    lost: "; then no further lab could be had",
};

/** What a search has come to. */
export function foundText({ holds, fails, ended, why }: Found, { hostsAlone }: { hostsAlone: boolean }): string {
    const what = hostsAlone ? "hosts without clusters" : "hosts with their clusters";
    const most = holds === 0 ? `no lab of ${what} was seen to hold` : `this machine holds ${holds} ${what}`;
    const beyond = fails === undefined ? "" : `, and not ${fails}`;
    return `${most}${beyond}${ENDED[ended]}${why === undefined ? "" : `: ${why}`}`;
}
