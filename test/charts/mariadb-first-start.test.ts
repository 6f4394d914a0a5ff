import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { waitUntil } from "../../lib/wait-until";
import { docker } from "../docker";
import { imageForTests } from "../lab-image";
import { find, podOf, render, type Rendered } from "./helm";

/** As the official image's: a data directory with `mysql` in it is finished, whatever else is missing. */
const OFFICIAL = `#!/bin/sh
cd /var/lib/mysql
if [ -d mysql ]; then ls; exit; fi
mkdir mysql
[ -e /tmp/kill ] && exit 137
touch user
echo made with "$@"
`;

const database = (): Rendered[string] => podOf(find(render(), "StatefulSet", "ironic-mariadb")).containers[0];

describe("charts/ironic: the first start of MariaDB", function () {
    this.timeout(180_000);
    const image = imageForTests("mariadb");
    let container: string;
    let folder: string;
    const exec = (...command: string[]): Promise<string> => docker("exec", container, ...command);
    const probe = (): Promise<string> => exec(...database().startupProbe.exec.command);
    beforeEach(async () => {
        container = `metal3-scale-lab-test-${randomUUID()}`;
        folder = await mkdtemp(join(tmpdir(), "mariadb-"));
        await writeFile(join(folder, "password"), "secret");
        await chmod(folder, 0o755);
    });
    afterEach(async () => {
        await docker("rm", "--force", "--volumes", container);
        await rm(folder, { recursive: true });
    });

    describe("with an entrypoint that takes a half-made data directory for a finished one", () => {
        const start = (): Promise<string> => exec(...database().command, "--option").catch(String);
        beforeEach(async () => {
            const tools = ["docker-entrypoint.sh", "mariadb"].map((name) => `/tmp/bin/${name}`);
            await docker(
                ...["run", "--detach", "--name", container, "--network", "none", "--init"],
                ...["--env", "PATH=/tmp/bin:/usr/bin:/bin", "--entrypoint", "sleep", image(), "600"],
            );
            await exec("sh", "-c", `mkdir /tmp/bin && printf %s "$0" | tee ${tools.join(" ")}`, OFFICIAL);
            await exec("sh", "-c", `echo '#!/bin/sh' > /tmp/bin/mariadb && chmod 755 ${tools.join(" ")}`);
        });

        it("begins anew after it was killed, and leaves the data alone once the user was seen", async () => {
            await exec("touch", "/tmp/kill");
            await start();
            expect(await exec("ls", "-A", "/var/lib/mysql")).to.equal(".initialising\nmysql\n");
            await exec("rm", "/tmp/kill");
            expect(await start()).to.equal("made with --option\n");
            await probe();
            expect(await start()).to.equal("mysql\nuser\n");
        });

        it("never touches data that an earlier version of the chart has made", async () => {
            await exec("mkdir", "/var/lib/mysql/mysql", "/var/lib/mysql/ironic");
            expect(await start()).to.equal("ironic\nmysql\n");
        });
    });

    it("is begun anew in the lab's own image, too, when it is killed in the midst of it", async () => {
        const { command, args, env } = database();
        const plain = env.filter(({ name }: { name: string }) => !name.endsWith("_FILE"));
        const variables = [
            ...plain.map(({ name, value }: { name: string; value: string }) => `${name}=${value}`),
            ...["MARIADB_PASSWORD=secret", "MARIADB_ROOT_PASSWORD=secret"],
        ];
        await docker(
            ...["run", "--detach", "--name", container, "--network", "none", "--entrypoint", command[0]],
            ...["--volume", `${folder}:/run/secrets/mariadb:ro`],
            ...variables.flatMap((variable: string) => ["--env", variable]),
            ...[image(), ...command.slice(1), ...args],
        );
        const until = (what: string, look: () => Promise<unknown>): Promise<unknown> =>
            waitUntil({
                what,
                timeoutMs: 60_000,
                everyMs: 100,
                look: () =>
                    look().then(
                        () => ({ done: true }),
                        (error: unknown) => ({ pending: [String(error)] }),
                    ),
            });
        await until("the beginning of the data directory", () => exec("ls", "/var/lib/mysql/mysql"));
        await docker("kill", container);
        await docker("start", container);
        await until("the user of the database", probe);
        expect(await exec("find", "/var/lib/mysql", "-name", ".initialising")).to.equal("");
    });
});
