import { duration } from "../../lib/duration";

/** What is measured and seen, told as it comes and once more at the end. */
export class Figures {
    private readonly began = Date.now();
    private readonly lines: string[] = [];

    /** Shows output of the machine, each line with the time since the beginning. */
    readonly show = (text: string): void => {
        const time = duration(Date.now() - this.began);
        process.stderr.write(text.trimEnd().replace(/^/gm, `${time} | `) + "\n");
    };

    /** Keeps a line. */
    note(text: string): void {
        this.show(text);
        this.lines.push(text);
    }

    /** Measures how long something takes, also where it fails. */
    async measure<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
        const started = Date.now();
        this.show(`${what} …`);
        try {
            return await work();
        } finally {
            this.note(`${what}: ${duration(Date.now() - started)}`);
        }
    }

    /** Prints all that was kept. */
    print(): void {
        process.stdout.write(`${this.lines.join("\n")}\n`);
    }
}
