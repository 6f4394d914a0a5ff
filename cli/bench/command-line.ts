import { Option, type Command } from "commander";
import { counts, junitOption, parallelOption, positive, stackOption, thresholdsOption } from "../options";

/** Gives a command the options of `npm run bench`. Its modules are not loaded for that. */
export const benchOptions = (command: Command): Command =>
    command
        .addOption(
            new Option(
                "-n, --nodes <list>",
                "numbers of hosts to measure, separated by commas; default: 20,50,100, with --sizing 100,300",
            ).argParser(counts),
        )
        .addOption(
            new Option(
                "-c, --clusters <list>",
                "numbers of clusters: one for each number of hosts, or one for all; with 0 the hosts are provisioned " +
                    "without Cluster API; default: as many clusters as the hosts suffice for",
            ).argParser(counts),
        )
        .option("--reference", "measure each size in the published lab's way as well (hours), and compare", false)
        .option("--grow", "grow one lab through all sizes instead of making a new lab for each", false)
        .option(
            "--under-load",
            "bring one lab to each size, larger or smaller, as soon as half of the clusters of the size before are " +
                "Available, and name what was replaced or removed although it has a place in the new size",
            false,
        )
        .option(
            "--sizing",
            "measure how many hosts a conductor bears: a lab for each number of conductors, which grows through all " +
                "sizes (hours; see docs/sizing.md)",
            false,
        )
        .addOption(
            new Option("--conductors <list>", "with --sizing: numbers of conductors; default: 1,2,4").argParser(counts),
        )
        .addOption(
            new Option(
                "--power-sync <names...>",
                "with --sizing: how often conductors look at the power of each host; the first one holds while a lab " +
                    "grows; default: lab published",
            ).choices(["lab", "published"]),
        )
        .option(
            "--compare <key=value...>",
            "measure each size a second time with this configuration besides, in turn (A B A B with --runs 2), and " +
                "say what is better, worse, or no different",
        )
        .option("--compare-checkout <folder>", "the same with the program of another checkout")
        .option("--compare-no-record", "the same without a record of it: what keeping one costs", false)
        .option("--no-record", "keep no record of the runs")
        .addOption(new Option("--runs <n>", "how often to measure each size").argParser(positive).default(1))
        .addOption(
            new Option("--idle <seconds>", "how long to measure each lab at rest, seconds; 0: not at all")
                .argParser((text) => counts(text)[0])
                .default(0),
        )
        .option("--set <key=value...>", "further configuration of the labs, as for pulumi config set", [])
        .option("--out <file>", "file of figures (JSON), from the top of the checkout", ".lab/figures/bench.json")
        .addOption(thresholdsOption())
        .addOption(junitOption())
        .option("--keep", "leave the last lab up", false)
        .addOption(stackOption().default("bench"))
        .addOption(parallelOption());
