import { setMaxListeners } from "node:events";
import { join } from "node:path";
import pLimit from "p-limit";
import { Cache } from "./cache/cache";
import { ensureDocker } from "./docker/ensure";
import type { DockerInfo } from "./docker/facts";
import { ensureGoBinary, goBinaryRecipe } from "./go/build";
import { ensureGo, type FoundGo } from "./go/go";
import { ensureImage, haveImage, pullImage } from "./images/build";
import { imageRecipe, imagesBefore } from "./images/recipes";
import { builtReference } from "./images/reference";
import { cacheRoot } from "./paths";
import { StoppedError, type Progress } from "./progress";

/** Go programs that are compiled at a time: one compilation already uses all cores and gigabytes of memory. */
const COMPILERS = 1;

/** Images that are built at a time: builds mostly wait for network and disk while the compiler has the processors. */
const IMAGE_BUILDS = 2;

/** More listeners than that on one signal are a leak. A dozen steps, each with a few commands, listen at a time. */
const MAX_LISTENERS = 100;

/**
 * Makes what the lab needs and the machine lacks. Each thing is made once, however many others ask for it, and as
 * soon as its own parts are there. Go programs are compiled one after another; images are built beside them.
 */
export class Toolchain {
    readonly cache: Cache;
    private readonly made = new Map<string, Promise<unknown>>();
    private readonly compiling = pLimit(COMPILERS);
    private readonly building = pLimit(IMAGE_BUILDS);
    private readonly stop = new AbortController();

    constructor(
        readonly progress: Progress,
        signal?: AbortSignal,
        root = cacheRoot(),
    ) {
        this.cache = new Cache(root);
        setMaxListeners(MAX_LISTENERS, this.stop.signal);
        signal?.addEventListener("abort", () => this.stop.abort(signal.reason));
    }

    /** Aborted by whoever made this toolchain, or because a step failed. */
    get signal(): AbortSignal {
        return this.stop.signal;
    }

    /**
     * Waits for works that belong together. When one fails, the others are stopped and waited for, so that nothing is
     * left running behind the error.
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
        return join(this.cache.root, "logs", `${name.replace(/[^a-zA-Z0-9.-]/g, "-")}.log`);
    }

    /** Docker, answering, started where it did not run. */
    docker(): Promise<DockerInfo> {
        return this.once("docker", () =>
            ensureDocker({ root: this.cache.root, notice: (text) => this.progress.line(text), signal: this.signal }),
        );
    }

    /** A Go that may build the lab's programs. */
    go(): Promise<FoundGo> {
        return this.once("go", () =>
            ensureGo({
                cache: this.cache,
                log: this.log("go"),
                notice: (text) => this.progress.line(text),
                signal: this.signal,
            }),
        );
    }

    /** Path of a Go target's binary, once it is built. */
    binary(name: string): Promise<string> {
        return this.once(`go:${name}`, async () => {
            const recipe = goBinaryRecipe(name);
            const options = { cache: this.cache, log: this.log(this.cache.idOf(recipe)), signal: this.signal };
            if ((await this.cache.stateOf(recipe)).state === "present") {
                return ensureGoBinary(name, options);
            }
            return this.compiling(async () => {
                this.signal.throwIfAborted();
                await this.go();
                return this.progress.step(`compile ${name}`, (step) =>
                    ensureGoBinary(name, { ...options, notice: step.notice, doing: step.doing }),
                );
            });
        });
    }

    /** The reference of an image that is built here, once Docker has it. */
    image(name: string): Promise<string> {
        return this.once(`image:${name}`, async () => {
            const reference = builtReference(name);
            await this.docker();
            if (await haveImage(reference)) {
                return reference;
            }
            await this.partsOfImage(name);
            return this.building(async () => {
                this.signal.throwIfAborted();
                const binary = (target: string): Promise<string> => this.binary(target);
                const options = { cache: this.cache, binary, log: this.log(reference), signal: this.signal };
                await this.progress.step(`image ${name}`, (step) => ensureImage(name, options, step));
                return reference;
            });
        });
    }

    /** An image under somebody else's reference, pulled where Docker does not have it. */
    pulled(reference: string): Promise<string> {
        return this.once(`pull:${reference}`, async () => {
            await this.docker();
            if (await haveImage(reference)) {
                return reference;
            }
            return this.building(async () => {
                this.signal.throwIfAborted();
                const options = { log: this.log(`pull-${reference}`), signal: this.signal };
                await this.progress.step(`pull ${reference}`, () => pullImage(reference, options));
                return reference;
            });
        });
    }

    private async partsOfImage(name: string): Promise<void> {
        await Promise.all([
            ...imageRecipe(name).binaries.map((binary) => this.binary(binary)),
            ...imagesBefore(name).map((before) => this.image(before)),
        ]);
    }

    private once<T>(id: string, make: () => Promise<T>): Promise<T> {
        let found = this.made.get(id) as Promise<T> | undefined;
        if (found === undefined) {
            found = make();
            // Whoever awaits it gets the error. Without this line an error that comes before anybody awaits it would
            // end Node.
            found.catch(() => undefined);
            this.made.set(id, found);
        }
        return found;
    }
}
