import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Processes of plugins whose Pulumi was killed. Nothing tells a plugin of that, and the Kubernetes provider (4.25)
 * lives on for ever. The plugins of a Pulumi that runs are its children.
 * @param home PULUMI_HOME, which has the folder `plugins`
 */
export async function orphanedPlugins(home: string): Promise<number[]> {
    const folder = `${join(home, "plugins")}/`;
    const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
    const orphans = await Promise.all(
        pids.map(async (pid) => {
            // A process can end between any two of these reads: what cannot be read is no orphan.
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

/** Ends the plugins whose Pulumi was killed. @param say told of each process that was ended */
export async function endOrphanedPlugins(home: string, say: (text: string) => void): Promise<void> {
    for (const pid of await orphanedPlugins(home)) {
        try {
            process.kill(pid, "SIGTERM");
            say(`ended process ${pid}, a plugin of a Pulumi that was killed`);
        } catch (error) {
            // The process has ended meanwhile, or it belongs to another user, whose own run ends it.
            if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) {
                throw error;
            }
        }
    }
}
