/**
 * Assignments of Python literals, one a line: sushy-tools' configuration is a Python file.
 * @throws TypeError for a value that has no literal (undefined, a function, NaN).
 */
export const pythonAssignments = (values: Record<string, unknown>): string =>
    Object.entries(values)
        .map(([key, value]) => `${key} = ${pythonLiteral(value)}\n`)
        .join("");

function pythonLiteral(value: unknown): string {
    if (value === null) {
        return "None";
    }
    if (value === true) {
        return "True";
    }
    if (value === false) {
        return "False";
    }
    if (typeof value === "number" && Number.isFinite(value)) {
        return String(value);
    }
    // A JSON string is a Python string: what JSON.stringify escapes, Python escapes alike.
    if (typeof value === "string") {
        return JSON.stringify(value);
    }
    if (Array.isArray(value)) {
        return `[${value.map(pythonLiteral).join(", ")}]`;
    }
    if (typeof value === "object") {
        return `{${Object.entries(value)
            .map(([key, entry]) => `${JSON.stringify(key)}: ${pythonLiteral(entry)}`)
            .join(", ")}}`;
    }
    throw new TypeError(`${typeof value === "number" ? value : typeof value} has no Python literal`);
}
