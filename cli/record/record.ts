import { UserError } from "../../plan/user-error";
import {
    RECORD_SCHEMA,
    recordLine,
    type BmoLogLine,
    type EndLine,
    type FleetLine,
    type Header,
    type IronicLine,
    type MetricsLine,
    type ObjectsLine,
    type RecordLine,
    type ResultLine,
    type UsageLine,
} from "./lines";

/** Everything that a record tells of one run. Lists are in the order of time. */
export interface RunRecord {
    header: Header;
    /** When the first new host was there, seconds from the beginning of the run; undefined: none ever was. */
    firstHost: number | undefined;
    usage: UsageLine[];
    fleet: FleetLine[];
    ironic: IronicLine[];
    metrics: MetricsLine[];
    /** Undefined: BMO's log was not counted. */
    bmoLog: BmoLogLine | undefined;
    objects: Record<ObjectsLine["kind"], ObjectsLine["objects"]>;
    /** Undefined: the run did not come so far. */
    result: ResultLine | undefined;
    /** Undefined: the run was killed, or runs still. */
    end: EndLine | undefined;
}

const LINES = new Set<string>(recordLine.options.map(({ shape }) => shape.line.value));

/** @throws UserError with line, key, value and rule for what is no line of a record */
function parseLine(text: string, where: string): RecordLine | undefined {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw new UserError(`${where}: ${text.slice(0, 80)}: must be JSON, one object a line`);
    }
    const { line, schema } = (value ?? {}) as { line?: unknown; schema?: unknown };
    if (line === "header" && schema !== RECORD_SCHEMA) {
        throw new UserError(`${where}: schema: ${String(schema)}: must be ${RECORD_SCHEMA}, which this version reads`);
    }
    if (typeof line === "string" && !LINES.has(line)) {
        return undefined;
    }
    const parsed = recordLine.safeParse(value);
    if (!parsed.success) {
        throw new UserError(
            parsed.error.issues
                .map(({ path, message, input }) => `${where}: ${path.join(".")}: ${JSON.stringify(input)}: ${message}`)
                .join("\n"),
        );
    }
    return parsed.data;
}

/**
 * Reads a record. What a killed run was writing when it ended, a last line without its end, is left out.
 * @param name of the file, for messages
 * @throws UserError with line, key, value and rule for what is no record
 */
export function parseRecord(text: string, name: string): RunRecord {
    const texts = text.split("\n").slice(0, -1);
    const lines = texts.flatMap((each, index) => parseLine(each, `${name}:${index + 1}`) ?? []);
    const [header, ...rest] = lines;
    if (header?.line !== "header") {
        throw new UserError(`${name}:1: line: ${String(header?.line)}: must be "header": this is no record of a run`);
    }
    return recordOf(header, rest);
}

/** Puts the lines of a record together. */
export function recordOf(header: Header, lines: readonly RecordLine[]): RunRecord {
    const of = <Kind extends RecordLine["line"]>(kind: Kind): Extract<RecordLine, { line: Kind }>[] =>
        lines.filter((each): each is Extract<RecordLine, { line: Kind }> => each.line === kind);
    const objects = of("objects");
    const ofKind = (wanted: ObjectsLine["kind"]): ObjectsLine["objects"] =>
        objects.filter(({ kind }) => kind === wanted).at(-1)?.objects ?? [];
    return {
        header,
        firstHost: of("first-host")[0]?.t,
        usage: of("usage"),
        fleet: of("fleet"),
        ironic: of("ironic"),
        metrics: of("metrics"),
        bmoLog: of("bmo-log").at(-1),
        objects: { hosts: ofKind("hosts"), clusters: ofKind("clusters"), machines: ofKind("machines") },
        result: of("result").at(-1),
        end: of("end").at(-1),
    };
}
