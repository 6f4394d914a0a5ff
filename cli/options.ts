import { InvalidArgumentError, Option } from "commander";
import { DEFAULT_STACK } from "../plan/commands";

/** Default number of operations that Pulumi runs at the same time. Most of them wait for Docker or for Kubernetes. */
const PARALLEL = 32;

/** A whole number from 1. */
export function positive(text: string): number {
    if (!/^[1-9]\d*$/.test(text)) {
        throw new InvalidArgumentError("it must be a whole number from 1.");
    }
    return Number(text);
}

/** Whole numbers from 0, separated by commas. */
export const counts = (text: string): number[] => text.split(",").map((part) => (part === "0" ? 0 : positive(part)));

/** Texts, separated by commas. */
export const list = (text: string): string[] => text.split(",");

export const stackOption = (): Option =>
    new Option("-s, --stack <name>", "name of the Pulumi stack").default(DEFAULT_STACK).env("METAL3_SCALE_LAB_STACK");
export const bundleOption = (): Option =>
    new Option("--bundle <file>", "take the parts from a file of `npm run bundle`, without a look into the network");
export const parallelOption = (): Option =>
    new Option("-p, --parallel <n>", "number of operations that Pulumi runs at the same time")
        .argParser(positive)
        .default(PARALLEL);

export const thresholdsOption = (): Option =>
    new Option("--thresholds <file>", "hold each run against the limits of a YAML file; end with 1 if one fails");
export const junitOption = (): Option =>
    new Option("--junit <file>", "write the verdicts of the limits as JUnit's XML");
