/** A place in the file that is not of the subset. `line` counts from 1; `key` is the assignment it stands in, if any. */
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

/** A place in the text of a configuration file, and what of it is the same everywhere: blanks, comments, lines, errors. */
export class Cursor {
    protected at = 0;
    /** The assignment it stands in. */
    protected key: string | undefined;

    constructor(
        protected readonly text: string,
        private readonly file: string,
    ) {}

    /** Skips blanks, comments and continued lines; within brackets (`lines`) also the ends of lines. */
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
