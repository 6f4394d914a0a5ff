import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { Cache } from "./cache/cache";
import { withLock } from "./cache/lock";
import { ensureDocker, type DockerInfo } from "./docker/docker";
import { ensureGoBinary, goBinaryRecipe } from "./go/build";
import { ensureGo } from "./go/go";
import { buildImage, haveImage, pullImage } from "./images/build";
import { imageRecipe } from "./images/recipes";
import { builtReference } from "./images/reference";
import { cacheRoot } from "./paths";
import { Progress, StoppedError } from "./progress";

/** Docker builds side by side: they mostly wait for the network and the disk, while the compiler has the processors. */
const IMAGE_LANES = 2;

/** Lets at most `limit` of the works given to it run at a time, in the order they came. */
export function lanes(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
    let free = limit;
    const waiting: (() => void)[] = [];
    return async (work) => {
        if (free > 0) {
            free -= 1;
        } else {
            await new Promise<void>((go) => waiting.push(go));
        }
        try {
            return await work();
        } finally {
            const next = waiting.shift();
            if (next === undefined) {
                free += 1;
            } else {
                next();
            }
        }
    };
}

/**
 * Makes what the lab needs and the machine lacks. Each thing is made once, however many others ask for it, and begins as soon as what it is made
 * from is there: one line of Go builds, beside it images.
 */
export class Toolchain {
    readonly cache: Cache;
    private readonly made = new Map<string, Promise<unknown>>();
    private readonly compilerLane = lanes(1);
    private readonly imageLane = lanes(IMAGE_LANES);

    private readonly stop = new AbortController();

    constructor(
        readonly progress: Progress,
        signal?: AbortSignal,
        root = cacheRoot(),
    ) {
        this.cache = new Cache(root);
        // Many steps listen, side by side.
        setMaxListeners(100, this.stop.signal);
        signal?.addEventListener("abort", () => this.stop.abort(signal.reason));
    }

    /** Aborted by whoever made the toolchain, or because a step failed. */
    get signal(): AbortSignal {
        return this.stop.signal;
    }

    /**
     * Waits for works that belong together. When one fails the others are stopped, and waited for, so that nothing is left running behind the error.
     * @throws the first error
     */
    async all(works: readonly Promise<unknown>[]): Promise<void> {
        const failures: unknown[] = [];
        const stopOthers = (error: unknown): void => {
            failures.push(error);
            if (!this.stop.signal.aborted) {
                this.stop.abort(new StoppedError("stopped because another step failed"));
            }
        };
        await Promise.all(works.map((work) => work.catch(stopOthers)));
        if (failures.length > 0) {
            throw failures[0];
        }
    }

    /** The log file of a step. */
    log(name: string): string {
        return join(this.cache.root, "logs", `${name}.log`);
    }

    private once<T>(id: string, make: () => Promise<T>): Promise<T> {
        let found = this.made.get(id) as Promise<T> | undefined;
        if (found === undefined) {
            found = make();
            // Whoever awaits it gets the error; nobody may be awaiting yet when another step fails first.
            found.catch(() => undefined);
            this.made.set(id, found);
        }
        return found;
    }

    /** Docker, running and ours to use. */
    docker(): Promise<DockerInfo> {
        return this.once("docker", () =>
            ensureDocker({ root: this.cache.root, notice: (text) => this.progress.line(text), signal: this.signal }),
        );
    }

    /** Path of a built Go target. */
    binary(name: string): Promise<string> {
        return this.once(`go:${name}`, async () => {
            const recipe = goBinaryRecipe(name);
            const log = this.log(this.cache.idOf(recipe));
            const options = { cache: this.cache, log, signal: this.signal };
            if ((await this.cache.stateOf(recipe)).state === "present") {
                return ensureGoBinary(name, options);
            }
            return this.compilerLane(async () => {
                this.signal?.throwIfAborted();
                await this.goCommand();
                return this.progress.step(`compile ${name}`, (step) =>
                    ensureGoBinary(name, { ...options, notice: step.notice, doing: step.doing }),
                );
            });
        });
    }

    private goCommand(): Promise<unknown> {
        return this.once("go", () =>
            ensureGo({
                cache: this.cache,
                log: this.log("go"),
                notice: (text) => this.progress.line(text),
                signal: this.signal,
            }),
        );
    }

    /** The reference of an image built here, once Docker has it. */
    image(name: string): Promise<string> {
        return this.once(`image:${name}`, async () => {
            await this.docker();
            const reference = builtReference(name);
            if (await haveImage(reference)) {
                return reference;
            }
            const recipe = imageRecipe(name);
            const parts = [
                ...recipe.binaries.map((binary) => this.binary(binary)),
                ...(recipe.from === undefined ? [] : [this.image(recipe.from)]),
            ];
            await Promise.all(parts);
            return this.imageLane(async () => {
                this.signal?.throwIfAborted();
                await this.progress.step(`image ${name}`, (step) =>
                    withLock(
                        join(this.cache.root, "locks", `image-${name}`),
                        `image ${name}`,
                        async () => {
                            if (await haveImage(reference)) {
                                return;
                            }
                            const log = this.log(reference.replace(/[/:]/g, "-"));
                            await buildImage(
                                name,
                                {
                                    cache: this.cache,
                                    binary: (binary) => this.binary(binary),
                                    log,
                                    signal: this.signal,
                                },
                                step,
                            );
                        },
                        { signal: this.signal, onWait: () => step.notice("another run is building it: waiting") },
                    ),
                );
                return reference;
            });
        });
    }

    /** An image that is used under a reference of somebody else: Docker has it, or it is pulled. */
    pulled(reference: string): Promise<string> {
        return this.once(`pull:${reference}`, async () => {
            await this.docker();
            if (await haveImage(reference)) {
                return reference;
            }
            return this.imageLane(async () => {
                await this.progress.step(`pull ${reference}`, () =>
                    pullImage(reference, {
                        log: this.log(`pull-${reference.replace(/[^a-zA-Z0-9.-]/g, "-")}`),
                        signal: this.signal,
                    }),
                );
                return reference;
            });
        });
    }

    /** How many steps `binary` and `image` for these will show: what is neither cached nor in Docker, with all it is made from. */
    async missing(
        binaries: readonly string[],
        images: readonly string[],
    ): Promise<{ binaries: string[]; images: string[] }> {
        const lackingImages = new Set<string>();
        const wanted = new Set(binaries);
        const visit = async (name: string): Promise<void> => {
            if (lackingImages.has(name) || (await haveImage(builtReference(name)))) {
                return;
            }
            lackingImages.add(name);
            const recipe = imageRecipe(name);
            recipe.binaries.forEach((binary) => wanted.add(binary));
            if (recipe.from !== undefined) {
                await visit(recipe.from);
            }
        };
        for (const name of images) {
            await visit(name);
        }
        const lackingBinaries: string[] = [];
        for (const name of wanted) {
            if ((await this.cache.stateOf(goBinaryRecipe(name))).state !== "present") {
                lackingBinaries.push(name);
            }
        }
        return { binaries: lackingBinaries, images: [...lackingImages] };
    }
}
