import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IPA_FILE_NAMES, ipaReference, type IpaFiles } from "../../plan/ipa-files";
import type { Problem } from "../../plan/problem";
import type { Cache } from "../cache/cache";
import { withLock } from "../cache/lock";
import { dockerBuild, haveImage } from "../images/build";
import { repoPath } from "../paths";
import { copyVerified } from "./verified-file";

export interface IpaImageOptions {
    cache: Cache;
    /** Told one line for the person who waits. */
    report: (line: string) => void;
    signal?: AbortSignal;
}

const MIB = 1024 * 1024;

/** The files in one order, with their keys in the configuration. */
const PARTS = ["kernel", "ramdisk"] as const;

/**
 * Makes sure that Docker has the image server's image with the agent's kernel and ramdisk. When it has, nothing is
 * read: the reference follows from the files' hashes.
 * @param base reference of the image server's own image
 * @returns what is wrong with the files; empty when the image is there
 * @throws CommandError when `docker build` fails
 */
export async function ensureIpaImage(ipa: IpaFiles, base: string, options: IpaImageOptions): Promise<Problem[]> {
    const reference = ipaReference(ipa, base);
    const { cache, report, signal } = options;
    const build = async (): Promise<Problem[]> => {
        if (await haveImage(reference)) {
            return [];
        }
        const context = await mkdtemp(join(tmpdir(), "metal3-scale-lab-ipa-"));
        try {
            const problems = await collect(ipa, context, options);
            if (problems.length > 0) {
                return problems;
            }
            report("docker build of the image server's image with the files of the Ironic Python agent");
            await copyFile(repoPath("toolchain", "ipa", "Dockerfile"), join(context, "Dockerfile"));
            const log = join(cache.root, "logs", "ipa.log");
            await dockerBuild({ name: "ipa", reference, context, args: { BASE: base } }, { log, signal });
            return [];
        } finally {
            await rm(context, { recursive: true, force: true });
        }
    };
    const lock = join(cache.root, "locks", "image-ipa");
    const onWait = (): void => report("waiting for another run that collects the files of the Ironic Python agent");
    return withLock(lock, "image ipa", build, { signal, onWait });
}

/** Copies the files into the build context, one after the other, and names all that are not as configured. */
async function collect(ipa: IpaFiles, context: string, options: IpaImageOptions): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const part of PARTS) {
        const { from } = ipa[part];
        options.report(`the ${part} of the Ironic Python agent is read from ${from}`);
        const progress = (copied: number, total: number | undefined): void => {
            const of = total === undefined ? "" : ` of ${Math.ceil(total / MIB)}`;
            options.report(`the ${part} of the Ironic Python agent: ${Math.floor(copied / MIB)}${of} MiB`);
        };
        try {
            const to = join(context, IPA_FILE_NAMES[part]);
            await copyVerified(ipa[part], to, { report: progress, signal: options.signal });
            // nginx has a user of its own, whatever this process's umask is.
            await chmod(to, 0o644);
        } catch (error) {
            options.signal?.throwIfAborted();
            problems.push({ key: `ipa.${part}.from`, value: from, rule: (error as Error).message });
        }
    }
    return problems;
}
