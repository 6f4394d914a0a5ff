/**
 * The part of Python that the configuration files of sushy-tools and fake-ipa consist of: assignments `NAME = literal`.
 *
 * Both services read the same file. sushy-tools has Python run it, which fake-ipa cannot, so fake-ipa understands
 * literals only: strings (with the prefixes r and u, and side by side), integers, floats, True, False, None, lists,
 * tuples, dicts, parentheses and comments. Everything else that Python would accept (names, calls, imports, f-strings,
 * bytes, sets, arithmetic) is refused with its line and key.
 *
 * Grammar: https://docs.python.org/3/reference/lexical_analysis.html
 */

import { ScalarReader } from "./python-scalars.js";

export { PythonSyntaxError } from "./python-cursor.js";

/** A value of the subset. Tuples come out as arrays, dict keys as strings. */
export type PythonValue = string | number | boolean | null | PythonValue[] | { [key: string]: PythonValue };

/** Deepest nesting that is accepted. Python's own parser gives up at 200. */
const MAX_DEPTH = 200;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
class Parser extends ScalarReader {
    /** Reads the whole file. As in Python, the last of several assignments to one name holds. */
    assignments(): Map<string, PythonValue> {
        const values = new Map<string, PythonValue>();
        for (;;) {
            this.key = undefined;
            const lineStart = this.at;
            this.blanks(false);
            if (this.at >= this.text.length) {
                return values;
            }
            const char = this.text[this.at]!;
            if (char === "\n") {
                this.at++;
                continue;
            }
            if (this.at !== lineStart && this.text[lineStart] !== "#") {
                this.fail("an assignment must begin at the start of its line");
            }
            if (char === '"' || char === "'") {
                // A documentation string has no effect.
                this.strings();
                this.endOfStatement();
                continue;
            }
            const name = this.match(NAME);
            if (name === undefined) {
                this.fail(`expected NAME = value, found ${this.here()}`);
            }
            this.key = name;
            this.blanks(false);
            if (this.text[this.at] !== "=" || this.text[this.at + 1] === "=") {
                this.key = undefined;
                const found = `${JSON.stringify(name)} followed by ${this.here()}`;
                this.fail(`only assignments of literals (NAME = value) are understood, found ${found}`);
            }
            this.at++;
            this.blanks(false);
            values.set(name, this.topLevelValue());
            this.endOfStatement();
        }
    }

    /** A value that may be a tuple without parentheses: `X = 1, 2`. */
    private topLevelValue(): PythonValue {
        const first = this.value();
        this.blanks(false);
        if (this.text[this.at] !== ",") {
            return first;
        }
        const items = [first];
        while (this.text[this.at] === ",") {
            this.at++;
            this.blanks(false);
            if (this.at >= this.text.length || this.text[this.at] === "\n") {
                break;
            }
            items.push(this.value());
            this.blanks(false);
        }
        return items;
    }

    private endOfStatement(): void {
        this.blanks(false);
        if (this.at >= this.text.length) {
            return;
        }
        if (this.text[this.at] !== "\n") {
            this.fail(`expected the end of the line after the value, found ${this.here()}`);
        }
        this.at++;
    }

    private value(): PythonValue {
        if (++this.depth > MAX_DEPTH) {
            this.fail(`values are nested more than ${MAX_DEPTH} deep`);
        }
        try {
            return this.plainValue();
        } finally {
            this.depth--;
        }
    }

    private plainValue(): PythonValue {
        const char = this.text[this.at];
        if (char === undefined) {
            this.fail("the value is missing: the file ends here");
        }
        if (char === "[") {
            return this.sequence("]").items;
        }
        if (char === "(") {
            const { items, commas } = this.sequence(")");
            return items.length === 1 && commas === 0 ? items[0]! : items; // (x) is x, (x,) a tuple
        }
        if (char === "{") {
            return this.dict();
        }
        if (char === '"' || char === "'") {
            return this.strings();
        }
        if (char === "+" || char === "-") {
            this.at++;
            this.blanks(this.depth > 1);
            const number = this.number();
            if (number === undefined) {
                this.fail(`expected a number after "${char}"`);
            }
            return char === "-" ? -number : number;
        }
        const number = this.number();
        if (number !== undefined) {
            return number;
        }
        const name = this.match(NAME);
        if (name === undefined) {
            this.fail(`expected a value, found ${this.here()}`);
        }
        if (name === "True") {
            return true;
        }
        if (name === "False") {
            return false;
        }
        if (name === "None") {
            return null;
        }
        if (this.text[this.at] === '"' || this.text[this.at] === "'") {
            this.at -= name.length;
            return this.strings();
        }
        this.fail(`${JSON.stringify(name)} is not a literal: names, calls and expressions are not understood`);
    }

    private sequence(end: string): { items: PythonValue[]; commas: number } {
        const opened = this.line();
        this.at++;
        const items: PythonValue[] = [];
        let commas = 0;
        for (;;) {
            this.blanks(true);
            if (this.text[this.at] === end) {
                this.at++;
                return { items, commas };
            }
            if (this.at >= this.text.length) {
                this.fail(`the bracket opened in line ${opened} is never closed`);
            }
            if (items.length > commas) {
                this.fail(`expected "," or "${end}", found ${this.here()}`);
            }
            items.push(this.value());
            this.blanks(true);
            if (this.text[this.at] === ",") {
                this.at++;
                commas++;
            }
        }
    }

    private dict(): PythonValue {
        const opened = this.line();
        this.at++;
        const entries: Record<string, PythonValue> = Object.create(null) as Record<string, PythonValue>;
        let complete = true;
        for (;;) {
            this.blanks(true);
            if (this.text[this.at] === "}") {
                this.at++;
                return { ...entries };
            }
            if (this.at >= this.text.length) {
                this.fail(`the bracket opened in line ${opened} is never closed`);
            }
            if (!complete) {
                this.fail(`expected "," or "}", found ${this.here()}`);
            }
            const key = this.value();
            if (typeof key !== "string" && typeof key !== "number") {
                this.fail("a dict's keys must be strings or numbers");
            }
            this.blanks(true);
            if (this.text[this.at] !== ":") {
                this.fail(`expected ":" after a dict's key (sets are not understood), found ${this.here()}`);
            }
            this.at++;
            this.blanks(true);
            entries[String(key)] = this.value();
            this.blanks(true);
            complete = this.text[this.at] === ",";
            if (complete) {
                this.at++;
            }
        }
    }
}

/**
 * Reads a configuration file.
 *
 * @param text the file's text; CRLF and a byte order mark are accepted, as Python does
 * @param file its name, for messages
 * @returns the assigned names with their values, in the order of their first assignment
 * @throws PythonSyntaxError at the first place that is not of the subset
 */
export function parsePythonLiterals(text: string, file: string): Map<string, PythonValue> {
    return new Parser(text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n"), file).assignments();
}
