import { InvalidArgumentError, Option } from "commander";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a time span as a person types it: 90s, 10m, 2h, 1d. */
export function seconds(text: string): number {
    const [, number = "", unit = ""] = /^([1-9]\d*)([smhd])$/.exec(text) ?? [];
    if (number === "") {
        throw new InvalidArgumentError("it must be a whole number from 1 with its unit: 90s, 10m, 2h or 1d.");
    }
    return Number(number) * (SECONDS[unit] as number);
}

export const sinceOption = (): Option =>
    new Option("--since <time>", "only what happened in so long a time: 90s, 10m, 2h, 1d").argParser(seconds);
