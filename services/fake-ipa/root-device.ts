import type { Inventory } from "./inventory.js";

type Disk = Inventory["disks"][number];

const GIB = 1024 ** 3;

/** Smallest disk that ironic-python-agent takes where it has no hints, bytes. */
const LEAST = 4 * GIB;

/** An operator, and what follows it: those of Ironic's root device hints (`specs_matcher` of oslo.utils). */
const EXPRESSION = /^(s==|s!=|<in>|==|!=|>=|<=|>|<|=)?\s*(.*)$/s;

const text = (value: unknown): string => String(value).trim().toLowerCase();

/** Whether a disk's attribute is as a hint has it. Ironic compares texts without regard to case, and sizes in GiB. */
function fits(attribute: unknown, hint: unknown): boolean {
    const [, operator = "", operand = ""] = EXPRESSION.exec(String(hint)) ?? [];
    const [value, wanted] = [text(attribute), text(operand)];
    switch (operator) {
        case "<in>":
            return value.includes(wanted);
        case "s!=":
            return value !== wanted;
        case "!=":
            return Number(value) !== Number(wanted);
        // A single = is "equal to or greater than" to Ironic.
        case "=":
        case ">=":
            return Number(value) >= Number(wanted);
        case "<=":
            return Number(value) <= Number(wanted);
        case ">":
            return Number(value) > Number(wanted);
        case "<":
            return Number(value) < Number(wanted);
        case "==":
            return Number(value) === Number(wanted);
        default:
            return value === wanted;
    }
}

const attributeOf = (disk: Disk, hint: string): unknown =>
    hint === "size" ? disk.size / GIB : (disk as unknown as Record<string, unknown>)[hint];

/** The hints of a node: those of its instance win over its own, as in ironic-python-agent. */
function hintsOf(node: Record<string, unknown>): Record<string, unknown> {
    const of = (field: string): unknown => (node[field] as { root_device?: unknown } | null | undefined)?.root_device;
    return (of("instance_info") ?? of("properties") ?? {}) as Record<string, unknown>;
}

/**
 * The disk that an image is written to: the first that all hints fit, or without hints the smallest that is large
 * enough.
 * @returns the reason where there is none
 */
export function rootDevice(disks: readonly Disk[], node: Record<string, unknown>): Disk | string {
    const hints = hintsOf(node);
    if (Object.keys(hints).length === 0) {
        const [smallest] = [...disks].sort((a, b) => a.size - b.size).filter(({ size }) => size >= LEAST);
        return smallest ?? "No suitable device was found for deployment, and there are no root device hints";
    }
    const found = disks.find((disk) =>
        Object.entries(hints).every(([hint, value]) => {
            const attribute = attributeOf(disk, hint);
            return attribute !== null && attribute !== undefined && fits(attribute, value);
        }),
    );
    return found ?? `No suitable device was found for deployment using these hints ${JSON.stringify(hints)}`;
}
