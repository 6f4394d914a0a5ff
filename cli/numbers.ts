import { InvalidArgumentError } from "commander";

/** A whole number from 1, for commander. */
export function positive(text: string): number {
    if (!/^[1-9]\d*$/.test(text)) {
        throw new InvalidArgumentError("it must be a whole number from 1.");
    }
    return Number(text);
}

/** Whole numbers from 0, separated by commas, for commander. */
export const counts = (text: string): number[] => text.split(",").map((part) => (part === "0" ? 0 : positive(part)));
