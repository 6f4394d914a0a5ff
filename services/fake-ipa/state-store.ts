import { createHash } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";

const FORMAT = "fake-ipa-state/1";
const SUFFIX = ".json";

/** A record after its digest, which shows whether the file is whole. */
function encode(record: unknown): string {
    const body = JSON.stringify(record);
    return `${FORMAT} ${createHash("sha256").update(body).digest("hex")}\n${body}`;
}

/** @throws Error that says what is wrong with the file */
function decode(text: string): unknown {
    const end = text.indexOf("\n");
    const [format, digest] = text.slice(0, Math.max(0, end)).split(" ");
    if (format !== FORMAT) {
        throw new Error(`it does not begin with ${FORMAT}`);
    }
    const body = text.slice(end + 1);
    if (createHash("sha256").update(body).digest("hex") !== digest) {
        throw new Error("its content does not match its digest");
    }
    return JSON.parse(body);
}

/**
 * A directory with one file per host. A file is replaced by renaming, so it is whole at any moment even if the process
 * is killed. Files are not synced: only the death of the machine could lose them, and that ends the fake hosts as well.
 * The replaced file stays as `.bak` and is used if the new one is damaged, because Ironic gives an agent's token only
 * once.
 */
export class StateStore {
    private readonly pending = new Map<string, { record: () => unknown; done: Promise<void> }>();
    private readonly writing = new Map<string, Promise<void>>();

    /** @param directory undefined if nothing is kept */
    constructor(
        private readonly directory: string | undefined,
        private readonly metrics: Metrics,
        private readonly log: Logger,
    ) {}

    /**
     * Writes a host's record, in the state that it has when its turn comes. Calls during a write become one further
     * write. The promise resolves when the record is on disk. A failure is logged and counted, and does not stop the
     * agent.
     */
    save(key: string, record: () => unknown): Promise<void> {
        if (this.directory === undefined) {
            return Promise.resolve();
        }
        const waiting = this.pending.get(key);
        if (waiting !== undefined) {
            waiting.record = record;
            return waiting.done;
        }
        const done = (this.writing.get(key) ?? Promise.resolve()).then(async () => {
            const entry = this.pending.get(key)!;
            this.pending.delete(key);
            const write = this.write(key, entry.record);
            this.writing.set(key, write);
            await write;
            if (this.writing.get(key) === write) {
                this.writing.delete(key);
            }
        });
        this.pending.set(key, { record, done });
        return done;
    }

    /** Waits until everything is on disk. */
    async flush(): Promise<void> {
        while (this.pending.size > 0 || this.writing.size > 0) {
            await Promise.all([...[...this.pending.values()].map((entry) => entry.done), ...this.writing.values()]);
        }
    }

    private async write(key: string, record: () => unknown): Promise<void> {
        const path = join(this.directory!, key + SUFFIX);
        try {
            await writeFile(`${path}.tmp`, encode(record()), { mode: 0o600 });
            await rm(`${path}.bak`, { force: true });
            // The first write has nothing to link. If the link fails the write goes on without a second copy.
            await link(path, `${path}.bak`).catch(() => undefined);
            await rename(`${path}.tmp`, path);
        } catch (error) {
            this.metrics.stateErrors.inc({ kind: "write" });
            this.log.error(
                { err: error, path },
                "state cannot be written: this host's agent would not survive a restart",
            );
        }
    }

    /**
     * Reads all records.
     *
     * @param accept turns a file's content into a record, or throws an error that says what is wrong with it
     * @throws Error if the directory cannot be made or read
     */
    async load<T>(accept: (value: unknown, key: string) => T): Promise<Map<string, T>> {
        const records = new Map<string, T>();
        if (this.directory === undefined) {
            return records;
        }
        await mkdir(this.directory, { recursive: true });
        const names = await readdir(this.directory);
        const keys = new Set(names.flatMap((name) => /^(.+)\.json(?:\.bak)?$/.exec(name)?.[1] ?? []));
        for (const name of names.filter((each) => each.endsWith(".tmp"))) {
            await rm(join(this.directory, name), { force: true });
        }
        for (const key of keys) {
            for (const suffix of [SUFFIX, `${SUFFIX}.bak`]) {
                const path = join(this.directory, key + suffix);
                try {
                    records.set(key, accept(decode(await readFile(path, "utf8")), key));
                    if (suffix !== SUFFIX) {
                        this.log.warn({ path }, "the state before the last change is used");
                    }
                    break;
                } catch (error) {
                    // A missing file is no damage.
                    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
                        continue;
                    }
                    this.metrics.stateErrors.inc({ kind: "damaged" });
                    this.log.error({ path, reason: (error as Error).message }, "damaged state file, kept as .damaged");
                    await rename(path, `${path}.damaged`).catch(() => undefined);
                }
            }
        }
        return records;
    }
}
