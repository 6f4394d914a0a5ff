import { expect } from "chai";
import fc from "fast-check";
import {
    parsePythonLiterals,
    PythonSyntaxError,
    type PythonValue,
} from "../../../services/fake-ipa/python-literals.js";

/** Prints a value as Python's repr does, with choices that must not matter made by `pick`. */
function print(value: PythonValue, pick: (n: number) => number): string {
    const space = (): string => ["", " ", "\n    ", ' # a comment, "quoted"\n  ', "\\\n"][pick(5)]!;
    if (value === null) {
        return "None";
    }
    if (value === true) {
        return "True";
    }
    if (value === false) {
        return "False";
    }
    if (typeof value === "number") {
        return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
    }
    if (typeof value === "string") {
        return printString(value, pick);
    }
    const comma = (items: string[]): string =>
        items.join(`${space()},${space()}`) + (items.length > 0 && pick(2) ? "," : "");
    if (Array.isArray(value)) {
        const items = value.map((item) => print(item, pick));
        if (pick(2) && items.length > 0) {
            return `(${space()}${items.join(",")},${space()})`;
        }
        return `[${space()}${comma(items)}${space()}]`;
    }
    const entries = Object.entries(value).map(
        ([key, item]) => `${printString(key, pick)}${space()}:${space()}${print(item, pick)}`,
    );
    return `{${space()}${comma(entries)}${space()}}`;
}

function printString(text: string, pick: (n: number) => number): string {
    const quote = ["'", '"', "'''", '"""'][pick(4)]!;
    const escaped = [...text]
        .map((char) => {
            if (char === "\\") {
                return "\\\\";
            }
            if (char === "\n") {
                return quote.length === 3 && pick(2) ? "\n" : "\\n";
            }
            if (char === "\r") {
                return "\\r";
            }
            if (char === quote[0]) {
                return `\\${char}`;
            }
            const code = char.codePointAt(0)!;
            if (code < 0x20 || pick(6) === 0) {
                return code <= 0xff
                    ? `\\x${code.toString(16).padStart(2, "0")}`
                    : `\\U${code.toString(16).padStart(8, "0")}`;
            }
            return char;
        })
        .join("");
    return `${pick(4) === 0 ? "u" : ""}${quote}${escaped}${quote}`;
}

const value: fc.Arbitrary<PythonValue> = fc.letrec<{ value: PythonValue }>((tie) => ({
    value: fc.oneof(
        { depthSize: "small" },
        fc.string({ unit: "binary" }),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
            fc.string().filter((key) => key !== "__proto__"),
            tie("value"),
            { maxKeys: 4, noNullPrototype: true },
        ),
    ),
})).value;

const one = (text: string): PythonValue | undefined => parsePythonLiterals(`X = ${text}`, "conf.py").get("X");
const failure = (text: string): PythonSyntaxError => {
    try {
        parsePythonLiterals(text, "conf.py");
    } catch (error) {
        if (error instanceof PythonSyntaxError) {
            return error;
        }
        throw error;
    }
    throw new Error(`no error for ${JSON.stringify(text)}`);
};

describe("The reader of Python literals", () => {
    it("reads back printed values, whatever the quotes, spaces, comments and trailing commas", () => {
        const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,12}$/);
        fc.assert(
            fc.property(
                fc.array(fc.tuple(name, value), { maxLength: 5 }),
                fc.array(fc.nat(), { minLength: 64, maxLength: 64 }),
                fc.boolean(),
                (pairs, choices, crlf) => {
                    let at = 0;
                    const pick = (n: number): number => choices[at++ % choices.length]! % n;
                    const text = pairs
                        .map(
                            ([key, item]) =>
                                `${"\n".repeat(pick(3))}# ${key}\n${key} =${" ".repeat(pick(3))}${print(item, pick)}` +
                                `${pick(2) ? "  # trailing" : ""}\n`,
                        )
                        .join("");
                    const parsed = parsePythonLiterals(
                        crlf && !text.includes("\r") ? text.replaceAll("\n", "\r\n") : text,
                        "conf.py",
                    );
                    expect([...parsed]).to.deep.equal([...new Map(pairs)]);
                },
            ),
            { numRuns: 500 },
        );
    });

    it("either returns values or says where the text is wrong", () => {
        fc.assert(
            fc.property(
                fc.array(fc.constantFrom(..."AB='\"\\[](){},:#\n 0xe1._-rfN".split(""), "True", "'''", "X = "), {
                    maxLength: 40,
                }),
                (parts) => {
                    const text = parts.join("");
                    try {
                        parsePythonLiterals(text, "conf.py");
                    } catch (error) {
                        expect(error).to.be.instanceOf(PythonSyntaxError);
                        expect((error as PythonSyntaxError).line).to.be.within(1, text.split("\n").length);
                    }
                },
            ),
            { numRuns: 2000 },
        );
    });

    for (const [text, expected] of [
        ["1_000", 1000],
        ["0x_ff", 255],
        ["0o17", 15],
        ["0b101", 5],
        ["1e3", 1000],
        [".5", 0.5],
        ["1.", 1],
        ["- 3", -3],
        ["+2.5e-1", 0.25],
        ["00", 0],
        ["'a' \"b\"", "ab"],
        ["('a'\n 'b')", "ab"],
        ["r'\\n'", "\\n"],
        ["r'\\''", "\\'"],
        ["'\\101\\x41\\u0041\\q'", "AAA\\q"],
        ["'a\\\nb'", "ab"],
        ["'''a\n'b'\n'''", "a\n'b'\n"],
        ["()", []],
        ["(1)", 1],
        ["(1,)", [1]],
        ["1, 2", [1, 2]],
        ["1,", [1]],
        ["[(1, 2), {'a': [None]},]", [[1, 2], { a: [null] }]],
        ["{1: 'x'}", { 1: "x" }],
        ["\\\n  7", 7],
    ] as [string, PythonValue][]) {
        it(`reads ${JSON.stringify(text)} as Python does`, () => {
            expect(one(text)).to.deep.equal(expected);
        });
    }

    for (const [text, line, key, reason] of [
        ["import os\n", 1, undefined, "only assignments of literals (NAME = value) are understood"],
        ["A = 1\n\nB = os.environ['X']\n", 3, "B", '"os" is not a literal'],
        ["A = [1,\n 2,\n", 3, "A", "the bracket opened in line 1 is never closed"],
        ["A = 'x\nB = 1\n", 1, "A", "the string opened in line 1 is not closed"],
        ["A = 1 + 2", 1, "A", "expected the end of the line after the value"],
        ["A = f'{x}'", 1, "A", 'string prefix "f" is not understood'],
        ["A = b'x'", 1, "A", 'string prefix "b" is not understood'],
        ["A = {1, 2}", 1, "A", "sets are not understood"],
        ["A = [1 2]", 1, "A", 'expected "," or "]"'],
        ["A = {'a': 1 'b': 2}", 1, "A", 'expected "," or "}"'],
        ["A = {[]: 1}", 1, "A", "keys must be strings or numbers"],
        ["A = 012", 1, "A", "leading zeros"],
        ["A = 1j", 1, "A", "invalid number"],
        ["A = 9007199254740993", 1, "A", "larger than 2**53 - 1"],
        ["A = '\\xz'", 1, "A", "\\x needs 2 hexadecimal digits"],
        ["A =\n", 1, "A", "expected a value, found the end of the line"],
        ["A", 1, undefined, 'found "A" followed by the end of the file'],
        ["if True:\n  A = 1", 1, undefined, "only assignments"],
        ["A = 1\n  B = 2", 2, undefined, "must begin at the start of its line"],
        ["A = B = 1", 1, "A", '"B" is not a literal'],
        ["A == 1", 1, undefined, "only assignments"],
        [`A = ${"[".repeat(300)}`, 1, "A", "nested more than 200 deep"],
    ] as [string, number, string | undefined, string][]) {
        it(`refuses ${JSON.stringify(text.slice(0, 30))} with its line and key`, () => {
            const error = failure(text);
            expect([error.line, error.key]).to.deep.equal([line, key]);
            expect(error.message)
                .to.contain(`conf.py, line ${line}${key === undefined ? ":" : `, key ${key}:`}`)
                .and.contain(reason);
        });
    }

    it("ignores a documentation string and takes the last of several assignments", () => {
        expect([...parsePythonLiterals("\uFEFF'''The lab.'''\nA = 1\nA = 2\n", "conf.py")]).to.deep.equal([["A", 2]]);
    });
});
