import { Option, type Command } from "commander";
import { MAX_NODES } from "../../plan/config/limits";
import { counts, parallelOption, positive, stackOption, thresholdsOption } from "../options";

/** Gives a command the options of `npm run capacity`. Its modules are not loaded for that. */
export const capacityOptions = (command: Command): Command =>
    command
        .addOption(
            new Option(
                "-c, --clusters <n>",
                "0: hosts alone; default: as many clusters as the hosts suffice for",
            ).argParser((text) => counts(text)[0]),
        )
        .addOption(new Option("--start <hosts>", "first number of hosts").argParser(positive).default(50))
        .addOption(new Option("--most <hosts>", "largest number of hosts").argParser(positive).default(MAX_NODES))
        .addOption(
            new Option("--precision <percent>", "how closely is searched, percent of what holds")
                .argParser(positive)
                .default(10),
        )
        .addOption(new Option("--limit <minutes>", "longest time for all, minutes").argParser(positive).default(240))
        .addOption(thresholdsOption())
        .option("--set <key=value...>", "further configuration of the labs, as for pulumi config set", [])
        .option("--out <file>", "file of figures (JSON), from the top of the checkout", ".lab/figures/capacity.json")
        .addOption(stackOption().default("capacity"))
        .addOption(parallelOption());
