import type { Unit } from "./definition";

const MIB = 2 ** 20;

/** A number with three digits that count, and no more than that after the point. */
function digits(value: number): string {
    const size = Math.abs(value);
    // A difference of two times of the clock is rarely whole in binary fractions.
    if (size >= 100 || Math.abs(value - Math.round(value)) < 1e-6) {
        return String(Math.round(value));
    }
    return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** A number of a figure with its unit, for a person; a dash where there is none. */
export function formatted(value: number | null | undefined, unit: Unit): string {
    if (value === null || value === undefined) {
        return "–";
    }
    if (unit === "s") {
        return Math.abs(value) < 1 && value !== 0 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
    }
    if (unit === "B") {
        return Math.abs(value) >= 1024 * MIB ? `${digits(value / (1024 * MIB))} GiB` : `${digits(value / MIB)} MiB`;
    }
    return unit === "" ? digits(value) : `${digits(value)}${unit.startsWith("/") ? "" : " "}${unit}`;
}

/** A share in percent with its sign. */
export const percent = (share: number): string =>
    `${share > 0 ? "+" : share < 0 ? "−" : ""}${(100 * Math.abs(share)).toFixed(1)} %`;
