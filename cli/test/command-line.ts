import { Option, type Command } from "commander";
import { positive } from "../options";

/** The options of `npm test`. */
export const testOptions = (command: Command): Command =>
    command
        .option("--only <suites>", "run only these suites: names, separated by commas")
        .option("--e2e", "run the end-to-end tests instead, which make labs of their own", false)
        .addOption(
            new Option("--whole", "in the end-to-end tests, take also the steps for which CI has no time")
                .default(false)
                .implies({ e2e: true }),
        )
        .addOption(
            new Option(
                "--version-set <name>",
                "in the end-to-end tests, begin each lab with this set of versions; default: the default set",
            ).implies({ e2e: true }),
        )
        .addOption(
            new Option("--walk <steps>", "run only the end-to-end test that changes a lab at random, so many times")
                .argParser(positive)
                .implies({ e2e: true }),
        )
        .addOption(
            new Option("--seed <n>", "repeat the random walk with this seed")
                .argParser(positive)
                .implies({ e2e: true }),
        );
