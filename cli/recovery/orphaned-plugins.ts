import { join } from "node:path";
import { allProcesses, processProgram } from "../../lib/proc";

/**
 * Processes of plugins whose Pulumi was killed. Nothing tells a plugin of that, and the Kubernetes provider (4.25)
 * lives on for ever. The plugins of a Pulumi that runs are its children.
 * @param home PULUMI_HOME, which has the folder `plugins`
 */
export function orphanedPlugins(home: string): number[] {
    const folder = `${join(home, "plugins")}/`;
    const processes = allProcesses();
    const pulumis = new Set(processes.filter(({ name }) => name.startsWith("pulumi")).map(({ pid }) => pid));
    return processes
        .filter(({ pid, parent }) => !pulumis.has(parent) && processProgram(pid)?.startsWith(folder))
        .map(({ pid }) => pid);
}

/** Ends the plugins whose Pulumi was killed. @param say told of each process that was ended */
export function endOrphanedPlugins(home: string, say: (text: string) => void): void {
    for (const pid of orphanedPlugins(home)) {
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
