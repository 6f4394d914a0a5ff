/**
 * A place in the file that is not understood. `line` counts from 1. `key` names the assignment that holds it, if any.
 */
export class PythonSyntaxError extends Error {
    constructor(
        readonly line: number,
        readonly key: string | undefined,
        readonly reason: string,
        file: string,
    ) {
        super(`${file}, line ${line}${key === undefined ? "" : `, key ${key}`}: ${reason}`);
        this.name = "PythonSyntaxError";
    }
}

/** A position in a configuration file. It skips blanks and comments, and reports errors with their line. */
export class Cursor {
    protected at = 0;
    /** The name whose assignment holds the position. */
    protected key: string | undefined;

    constructor(
        protected readonly text: string,
        private readonly file: string,
    ) {}

    /** Skips blanks, comments and continued lines. With `lines` it skips ends of lines as well, as within brackets. */
    protected blanks(lines: boolean): void {
        for (;;) {
            const char = this.text[this.at];
            if (char === " " || char === "\t" || char === "\f" || (lines && char === "\n")) {
                this.at++;
            } else if (char === "#") {
                while (this.at < this.text.length && this.text[this.at] !== "\n") {
                    this.at++;
                }
            } else if (char === "\\" && this.text[this.at + 1] === "\n") {
                this.at += 2;
            } else {
                return;
            }
        }
    }

    protected match(pattern: RegExp): string | undefined {
        pattern.lastIndex = this.at;
        const found = pattern.exec(this.text)?.[0];
        if (found === undefined) {
            return undefined;
        }
        this.at += found.length;
        return found;
    }

    protected here(): string {
        if (this.at >= this.text.length) {
            return "the end of the file";
        }
        const char = this.text[this.at]!;
        return char === "\n"
            ? "the end of the line"
            : JSON.stringify(this.text.slice(this.at, this.at + 12).split("\n")[0]);
    }

    protected line(): number {
        return this.text.slice(0, this.at).split("\n").length;
    }

    protected fail(reason: string): never {
        throw new PythonSyntaxError(this.line(), this.key, reason, this.file);
    }
}
