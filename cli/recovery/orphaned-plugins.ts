import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Processes of plugins in a folder of Pulumi's whose Pulumi is dead: when it is killed they are not told, and the Kubernetes provider (4.25) lives on for ever.
 * Those of a living Pulumi are its children.
 * @param home Pulumi's home, with the folder `plugins`
 */
export async function orphanedPlugins(home: string): Promise<number[]> {
    const folder = `${join(home, "plugins")}/`;
    const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
    const orphans = await Promise.all(
        pids.map(async (pid) => {
            // A process can end at any of these.
            const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0")[0] ?? "";
            if (!command.startsWith(folder)) {
                return [];
            }
            const parent = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1];
            if (parent === undefined) {
                return [];
            }
            const name = (await readFile(`/proc/${parent}/comm`, "utf8").catch(() => "")).trim();
            return name.startsWith("pulumi") ? [] : [pid];
        }),
    );
    return orphans.flat();
}

/** Ends them. */
export async function endOrphanedPlugins(home: string, say: (text: string) => void): Promise<void> {
    for (const pid of await orphanedPlugins(home)) {
        try {
            process.kill(pid, "SIGTERM");
            say(`ended process ${pid}, a plugin of a Pulumi that was killed`);
        } catch (error) {
            // Gone meanwhile, or another user's: that one's own run ends it.
            if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) {
                throw error;
            }
        }
    }
}
