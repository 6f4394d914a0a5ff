import { Cursor } from "./python-cursor.js";

const DIGITS = String.raw`\d(?:_?\d)*`;
const EXPONENT = `(?:[eE][+-]?${DIGITS})?`;
/** A hexadecimal, octal or binary integer, or a decimal number with or without a point. */
const NUMBER = new RegExp(
    [
        "0[xX](?:_?[0-9a-fA-F])+",
        "0[oO](?:_?[0-7])+",
        "0[bB](?:_?[01])+",
        String.raw`(?:${DIGITS})?\.${DIGITS}${EXPONENT}`,
        String.raw`${DIGITS}\.?${EXPONENT}`,
    ].join("|"),
    "y",
);
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

/** Reads numbers and strings. */
export class ScalarReader extends Cursor {
    /** Nesting of the value at the position. Within brackets, at 2 or more, a value may go on in the next line. */
    protected depth = 0;

    protected number(): number | undefined {
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

    /** One or more string literals side by side, which Python joins. */
    protected strings(): string {
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
        // Python keeps an unknown escape as it is.
        return `\\${char}`;
    }
}
