/**
 * The part of Python that sushy-tools' and fake-ipa's configuration files consist of: `NAME = literal`, one after the other.
 *
 * Both services read the same file. sushy-tools lets Python run it; we must not, so only literals are understood: strings (with r, u
 * and implicit concatenation), integers, floats, True, False, None, lists, tuples, dicts, parentheses and comments. Whatever else Python
 * would accept (names, calls, imports, f-strings, bytes, sets, arithmetic) is refused with its line and key, never guessed at.
 *
 * Grammar: https://docs.python.org/3/reference/lexical_analysis.html
 */

import { Cursor } from "./python-cursor.js";

export { PythonSyntaxError } from "./python-cursor.js";

/** A value of the subset. Tuples come out as arrays, dict keys as strings. */
export type PythonValue = string | number | boolean | null | PythonValue[] | { [key: string]: PythonValue };

/** Nesting deeper than this is refused: Python's own parser gives up at 200. */
const MAX_DEPTH = 200;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER =
    /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d(?:_?\d)*)?/y;
const SIMPLE_ESCAPES: Record<string, string> = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    a: "\x07",
    b: "\b",
    f: "\f",
    n: "\n",
    r: "\r",
    t: "\t",
    v: "\v",
    "\n": "",
};

class Parser extends Cursor {
    private depth = 0;

    /** The whole file. As in Python, the last of several assignments to one name holds. */
    file_(): Map<string, PythonValue> {
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
                this.strings(); // a documentation string: an expression without effect
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
                this.fail(
                    `only assignments of literals (NAME = value) are understood, found ${JSON.stringify(name)} followed by ${this.here()}`,
                );
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

    private number(): number | undefined {
        const token = this.match(NUMBER);
        if (token === undefined) {
            return undefined;
        }
        const next = this.text[this.at];
        if (next !== undefined && /[A-Za-z0-9_.]/.test(next)) {
            this.fail(`invalid number ${JSON.stringify(token + next)}`);
        }
        if (/^0\d/.test(token) && !/[.eE]/.test(token) && Number(token.replaceAll("_", "")) !== 0) {
            this.fail(`invalid number ${token}: leading zeros are not allowed`);
        }
        const value = Number(token.replaceAll("_", ""));
        if (/^(?:0[xXoObB])?[0-9a-fA-F_]+$/.test(token) && !/^\d+[eE]/.test(token) && !Number.isSafeInteger(value)) {
            this.fail(`integer ${token} is larger than 2**53 - 1`);
        }
        return value;
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

    /** One or more string literals side by side, which Python joins. */
    private strings(): string {
        let joined = "";
        for (;;) {
            joined += this.string();
            const before = this.at;
            this.blanks(this.depth > 1);
            const next = /[rRuU]?["']/y;
            next.lastIndex = this.at;
            if (!next.test(this.text)) {
                this.at = before;
                return joined;
            }
        }
    }

    private string(): string {
        const prefix = this.match(/[A-Za-z]*/y) ?? "";
        if (!/^[rRuU]?$/.test(prefix)) {
            this.fail(`string prefix ${JSON.stringify(prefix)} is not understood (only r and u)`);
        }
        const raw = /[rR]/.test(prefix);
        const quote = this.text[this.at]!;
        const triple = this.text.startsWith(quote.repeat(3), this.at);
        const end = triple ? quote.repeat(3) : quote;
        const opened = this.line();
        this.at += end.length;
        let value = "";
        while (!this.text.startsWith(end, this.at)) {
            const char = this.text[this.at];
            if (char === undefined || (char === "\n" && !triple)) {
                this.fail(`the string opened in line ${opened} is not closed`);
            }
            if (char !== "\\") {
                value += char;
                this.at++;
                continue;
            }
            value += raw ? this.rawEscape() : this.escape();
        }
        this.at += end.length;
        return value;
    }

    private rawEscape(): string {
        const pair = this.text.slice(this.at, this.at + 2);
        this.at += 2;
        return pair;
    }

    private escape(): string {
        const char = this.text[this.at + 1];
        if (char === undefined) {
            this.fail("the file ends within a string");
        }
        const simple = SIMPLE_ESCAPES[char];
        if (simple !== undefined) {
            this.at += 2;
            return simple;
        }
        const digits = { x: 2, u: 4, U: 8 }[char];
        if (digits !== undefined) {
            const hex = this.text.slice(this.at + 2, this.at + 2 + digits);
            if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex)) {
                this.fail(`\\${char} needs ${digits} hexadecimal digits`);
            }
            const code = Number.parseInt(hex, 16);
            if (code > 0x10ffff) {
                this.fail(`\\${char}${hex} is not a character`);
            }
            this.at += 2 + digits;
            return String.fromCodePoint(code);
        }
        const octal = /^[0-7]{1,3}/.exec(this.text.slice(this.at + 1, this.at + 4))?.[0];
        if (octal !== undefined) {
            this.at += 1 + octal.length;
            return String.fromCodePoint(Number.parseInt(octal, 8));
        }
        if (char === "N") {
            this.fail("\\N{...} is not understood");
        }
        this.at += 2;
        return `\\${char}`; // Python keeps an unknown escape as it stands
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
    return new Parser(text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n"), file).file_();
}
