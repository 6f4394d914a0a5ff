import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { endOrphanedPlugins, orphanedPlugins } from "../../cli/recovery/orphaned-plugins";

describe("plugins whose Pulumi was killed", () => {
    let home: string;
    const children: ChildProcess[] = [];
    const start = (command: string, args: string[]): ChildProcess => {
        const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
        children.push(child);
        return child;
    };

    before(async () => {
        home = await mkdtemp(join(tmpdir(), "orphans-"));
        await mkdir(join(home, "plugins"));
        await mkdir(join(home, "bin"));
        await copyFile("/bin/sleep", join(home, "plugins", "provider"));
        await copyFile("/bin/sleep", join(home, "bin", "sleep"));
        await copyFile("/bin/sh", join(home, "bin", "pulumi"));
    });
    after(async () => {
        for (const child of children) {
            child.kill("SIGKILL");
        }
        await rm(home, { recursive: true, force: true });
    });

    it("are ended, and neither those of a living one nor other programs", async () => {
        const orphan = start(join(home, "plugins", "provider"), ["60"]);
        const other = start(join(home, "bin", "sleep"), ["60"]);
        const engine = start(join(home, "bin", "pulumi"), [
            "-c",
            `${join(home, "plugins", "provider")} 60 & echo $!; wait`,
        ]);
        const [line] = (await once(engine.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
        const owned = Number(line.toString());
        try {
            expect(orphanedPlugins(home)).to.deep.equal([orphan.pid]);
            const said: string[] = [];
            const ended = once(orphan, "exit");
            endOrphanedPlugins(home, (text) => said.push(text));
            expect(await ended).to.deep.equal([null, "SIGTERM"]);
            expect(said).to.deep.equal([`ended process ${orphan.pid}, a plugin of a Pulumi that was killed`]);
            expect(other.exitCode).to.equal(null);
            expect(() => process.kill(owned, 0)).to.not.throw();
            expect(orphanedPlugins(home)).to.deep.equal([]);
        } finally {
            process.kill(owned, "SIGKILL");
        }
    });
});
