import { fit, fittedOf, leaveOneOut, offBy, withoutHosts, type Compared } from "../plan/prediction/fit";
import { MEASUREMENTS } from "../plan/prediction/measurements";
import { peakGib, upSeconds, type LabSize } from "../plan/prediction/model";
import { percent, roughTime } from "../plan/prediction/words";

/** What docs/capacity.md has from the model, between these two. */
const BEGIN = "<!-- Printed by `npm run docs` from plan/prediction. Change that, not this. -->";
const END = "<!-- The end of what is printed. -->";

/** The fit of the model without one row after another takes a second: it is made once. */
let left: readonly Compared[] | undefined;
const leftOut = (): readonly Compared[] => (left ??= leaveOneOut(MEASUREMENTS));

/** plan/prediction/data/fitted.json as it should be. */
export const fittedDocument = (): string => JSON.stringify(fittedOf(MEASUREMENTS, leftOut()), undefined, 2);

const range = (values: readonly number[], text: (value: number) => string): string =>
    [...new Set([Math.min(...values), Math.max(...values)].map(text))].join(" to ");

const signed = (share: number): string => `${share < 0 ? "-" : "+"}${Math.abs(Math.round(share * 100))} %`;

const UNITS = {
    up: { name: "`up`", text: (value: number) => `${Math.round(value)} s` },
    growth: { name: "first host to the last one's goal", text: (value: number) => `${Math.round(value)} s` },
    cpu: { name: "CPU of a host", text: (value: number) => `${value.toFixed(2)} CPU-s` },
    gib: { name: "memory", text: (value: number) => `${value.toFixed(1)} GiB` },
};

const labOf = ({ row: { from, hosts, machines } }: Compared): string =>
    `${from ? `${from.hosts}/${from.machines} → ` : ""}${hosts}/${machines}`;

/** A row for each figure of each size that was measured. */
function comparison(): string[] {
    const groups = new Map<string, Compared[]>();
    for (const each of leftOut()) {
        const key = `| ${labOf(each)} | ${UNITS[each.what].name} |`;
        groups.set(key, [...(groups.get(key) ?? []), each]);
    }
    return [...groups].map(([key, all]) => {
        const [first] = all;
        const { text } = UNITS[first?.what ?? "up"];
        const of = (values: (each: Compared) => number): number[] => all.map(values);
        return [
            key,
            `${all.length} | ${range(
                of(({ seen }) => seen),
                text,
            )} |`,
            `${range(
                of(({ predicted }) => predicted),
                text,
            )} |`,
            `${range(
                of((each) => Math.expm1(offBy(each))),
                signed,
            )} |`,
        ].join(" ");
    });
}

/** What the model says of 1000/1000 when no run of that size is known to it. */
function beyond(): string {
    const { cores } = MEASUREMENTS.machine;
    const size: LabSize = { hosts: 1000, machines: 1000, conductors: 4 };
    const known = fit(withoutHosts(MEASUREMENTS, size.hosts));
    const gib = peakGib(size, known).toFixed(1);
    return `${roughTime(upSeconds(undefined, size, cores, known))} and ${gib} GiB`;
}

/** docs/capacity.md with what the model says of its own data. */
export function capacityDocument(current: string): string {
    const [before = "", rest = ""] = current.split(BEGIN);
    const after = rest.split(END)[1] ?? "";
    const { error } = fittedOf(MEASUREMENTS, leftOut());
    const text = [
        "| Hosts/machines | What | Runs | Seen | Predicted without the run | Off by |",
        "| --- | --- | --- | --- | --- | --- |",
        ...comparison(),
        "",
        "A prediction is given with twice the root mean square of what the rows of `up` and of memory are off:",
        `**${percent(error.time)}** for the time of an \`up\`, **${percent(error.memory)}** for memory.`,
        "",
        `Without the two runs of 1000/1000 the model says of that size: ${beyond()}.`,
    ];
    return `${before}${BEGIN}\n\n${text.join("\n")}\n\n${END}${after}`;
}
