import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A folder with fake commands, first on PATH until it is removed, and with the files that the fakes read and write. */
export class CommandFolder {
    private constructor(
        readonly path: string,
        private readonly before: string | undefined,
    ) {}

    /** @param commands texts of the fakes by the names of the commands */
    static async create(commands: Record<string, string>): Promise<CommandFolder> {
        const path = await mkdtemp(join(tmpdir(), "fake-commands-"));
        for (const [name, text] of Object.entries(commands)) {
            await writeFile(join(path, name), text, { mode: 0o755 });
        }
        const before = process.env["PATH"];
        process.env["PATH"] = `${path}${delimiter}${before ?? ""}`;
        return new CommandFolder(path, before);
    }

    /** Writes a file of lines. */
    write(file: string, ...lines: string[]): Promise<void> {
        return writeFile(join(this.path, file), lines.map((line) => `${line}\n`).join(""));
    }

    read(file: string): Promise<string> {
        return readFile(join(this.path, file), "utf8");
    }

    /** The lines of a file; none where no fake has written it. */
    async lines(file: string): Promise<string[]> {
        return (await this.read(file).catch(() => "")).split("\n").filter(Boolean);
    }

    async remove(): Promise<void> {
        process.env["PATH"] = this.before;
        await rm(this.path, { recursive: true });
    }
}
