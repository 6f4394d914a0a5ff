import { closest } from "fastest-levenshtein";
import { isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { UserError } from "../../../plan/user-error";
import { UNITS, type Unit } from "../figures/definition";
import { definitionOf, DEFINITIONS } from "../figures/figures";
import { STATS, type Stat } from "../figures/stat";
import { RELATIONS, type Limit, type Relation } from "./limit";

/** Units that may stand in a limit, by the unit of the figure, and how much of that unit each is. */
const FACTORS: Partial<Record<Unit, Record<string, number>>> = {
    s: { ms: 0.001, s: 1, min: 60, h: 3600 },
    B: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
};

const LIMIT = /^(\S+)\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*(\S*)$/;
const FORM = "must be FIGURE RELATION VALUE[UNIT], such as hosts.available.p95 < 120s";

const quoted = (names: readonly string[]): string => names.join(", ");

/** Divides the name of a figure from its statistic: hosts.available.p95. */
function divided(name: string): { figure: string; stat: Stat | undefined } {
    const stat = STATS.find((each) => name.endsWith(`.${each}`));
    return stat === undefined ? { figure: name, stat } : { figure: name.slice(0, -stat.length - 1), stat };
}

/** Figures over many measurements, as the meaning of a name that lacks its statistic tells. */
type Found = Limit | { key: string; value: string; rule: string };

function parseLimit(text: string): Found {
    const [, name = "", relation = "", number = "", unit = ""] = LIMIT.exec(text) ?? [];
    if (name === "") {
        return { key: "limit", value: text, rule: FORM };
    }
    const { figure, stat } = divided(name);
    const definition = definitionOf(figure);
    if (definition === undefined) {
        const near = closest(
            figure,
            DEFINITIONS.map((each) => each.name),
        );
        return { key: "figure", value: figure, rule: `is no figure of a report; the nearest is ${near}` };
    }
    const isNumber = definition.isNumber ?? false;
    if (isNumber && stat !== undefined) {
        return { key: "figure", value: name, rule: `is a single number: write ${figure}` };
    }
    if (!isNumber && stat === undefined) {
        return { key: "figure", value: name, rule: `must say which number is meant: ${figure}.p95; ${quoted(STATS)}` };
    }
    const own: Unit = stat === "n" ? "" : definition.unit;
    const factors = FACTORS[own] ?? { [own]: 1 };
    const factor = unit === "" ? 1 : factors[unit];
    if (factor === undefined) {
        const known = quoted(Object.keys(factors).filter((each) => each !== ""));
        return { key: "unit", value: unit, rule: known ? `must be one of ${known}` : `${name} has no unit` };
    }
    return { text, figure, stat, relation: relation as Relation, value: Number(number) * factor, unit: own };
}

/**
 * Reads a YAML file of limits: a list, each entry one limit.
 * @param name of the file, for messages
 * @throws UserError with line, key, value and rule of everything that is wrong
 */
export function parseLimits(text: string, name: string): Limit[] {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    const lineOf = (offset: number | undefined): number => lines.linePos(offset ?? 0).line;
    const broken = document.errors.map(({ pos, message }) => `${name}:${lineOf(pos[0])}: ${message.split("\n")[0]}`);
    if (broken.length > 0) {
        throw new UserError(broken.join("\n"));
    }
    const { contents } = document;
    if (!isSeq(contents)) {
        const found = text.trim().split("\n")[0] ?? "";
        throw new UserError(`${name}:1: limits: ${found}: must be a list, each entry a limit; each ${FORM}`);
    }
    const problems: string[] = [];
    const limits = contents.items.flatMap((item): Limit[] => {
        const value: unknown = isScalar(item) ? item.value : String(item);
        const offset = (item as { range?: [number, number, number] }).range?.[0];
        const limit = parseLimit(String(value).trim());
        if ("rule" in limit) {
            problems.push(`${name}:${lineOf(offset)}: ${limit.key}: ${limit.value}: ${limit.rule}`);
            return [];
        }
        return [limit];
    });
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
    return limits;
}

/** The relations and units of a limit, for the documents. */
export const GRAMMAR = { relations: Object.keys(RELATIONS), units: Object.keys(UNITS), factors: FACTORS };
