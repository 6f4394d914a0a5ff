import { latencies } from "./latency";
import type { Drawn, Plot, Run } from "./plot";
import { queues } from "./queues";
import { throughput } from "./rates";
import { distributions, waterfall } from "./stages";
import { states } from "./states";
import { cpu, memory } from "./usage";

/** The plots of every report, in order. */
const PLOTS: readonly [id: string, title: string, draw: (runs: readonly Run[]) => Drawn][] = [
    ["a", "States over time", states],
    ["b", "Throughput by what is in place", throughput],
    ["c", "How long each stage took", distributions],
    ["d", "The way of single objects", waterfall],
    ["e", "CPU by component", cpu],
    ["f", "Memory by component", memory],
    ["g", "Latencies by the number of hosts", latencies],
    ["h", "Queues of the controllers", queues],
];

/** The plots of a run, or of several that are compared. */
export const plotsOf = (runs: readonly Run[]): Plot[] =>
    PLOTS.map(([id, title, draw]) => {
        const drawn = draw(runs);
        return {
            id,
            title,
            ...drawn,
            reading: drawn.reading.replaceAll(/(?:^|[.] )[a-z]/g, (first) => first.toUpperCase()),
        };
    });
