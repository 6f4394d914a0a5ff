import { PositionEncoding, Workspace, type Diagnostic } from "@astral-sh/ruff-wasm-nodejs";

/**
 * Ruff's rules for what is certainly a mistake: syntax errors, names that are undefined or unused, known traps,
 * `except` clauses that swallow every exception, and `noqa` comments without effect.
 */
const RULES = ["E4", "E7", "E9", "F", "B", "BLE", "PLE", "RUF100"];

const ruff = new Workspace(
    { "target-version": "py311", "line-length": 120, lint: { select: RULES } },
    PositionEncoding.Utf16,
);

/** The text as `ruff format` writes it. @throws for Python that does not parse */
export const formatPython = (text: string): string => ruff.format(text);

/** What Ruff's linter finds, as "line: rule message". */
export const pythonProblems = (text: string): string[] =>
    (ruff.check(text) as Diagnostic[]).map(
        ({ code, message, start_location: { row } }) => `${row}: ${code ?? "syntax"} ${message}`,
    );
