import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { waitUntil } from "../../lib/wait-until";
import { imageForTests } from "../lab-image";
import { CHART, find, render } from "./helm";

const IP = "192.168.222.100";
const CONDUCTOR = "10475:10475";
const PASSWORD = "secret";

/** Runs `docker` and returns what it printed. @throws Error with its output when it fails */
async function docker(...args: string[]): Promise<string> {
    const child = spawn("docker", args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => (output += chunk));
    }
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) {
        throw new Error(`docker ${args.join(" ")} ended with ${code}: ${output}`);
    }
    return output;
}

/**
 * The pod of a conductor in two containers that share a network: its sidecar, and the database with its data in memory.
 * The conductor and a second one run in the sidecar's container, with the user and the volumes that they have in
 * Kubernetes.
 */
class Pod {
    private constructor(
        private readonly folder: string,
        private readonly sidecar: string,
        private readonly database: string,
    ) {}

    static async start(ironic: string, mariadb: string): Promise<Pod> {
        const folder = await mkdtemp(path.join(os.tmpdir(), "conductor-"));
        const objects = render({ "provisioning.ips": [IP] });
        const configuration = find(objects, "ConfigMap", "ironic-conductor-0")["data"]["ironic.conf"];
        await writeFile(path.join(folder, "ironic.conf"), configuration);
        await chmod(folder, 0o755);
        const name = path.basename(folder).toLowerCase();
        const pod = new Pod(folder, `${name}-sidecar`, `${name}-database`);
        const url = `mysql+pymysql://ironic:${PASSWORD}@127.0.0.1:3306/ironic?charset=utf8`;
        const environment = {
            PROVISIONING_IP: IP,
            PROVISIONING_CIDR: "192.168.222.0/24",
            PROVISIONING_INTERFACE: "lo",
            API_PORT: "6385",
            API_CA_FILE: "/etc/ssl/certs/ca-certificates.crt",
            SLICE_NAME: "ironic-conductor-0",
            SERVICE_NAME: "ironic",
            POD_NAME: "ironic-conductor-0",
            POD_UID: "uid",
            POD_NAMESPACE: "metal3",
            NODE_NAME: "node",
            KUBERNETES_SERVICE_HOST: "127.0.0.1",
            KUBERNETES_SERVICE_PORT: "6443",
            OS_DATABASE__CONNECTION: url,
            STATE_DIR: "/run/conductor",
            HTTP_URL: `http://${IP}:6180`,
            PYTHONDONTWRITEBYTECODE: "1",
        };
        await docker(
            "run",
            "--detach",
            "--name",
            pod.sidecar,
            ...["--network", "none", "--user", "0", "--group-add", "10475", "--cap-drop", "ALL"],
            ...["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--security-opt", "no-new-privileges"],
            // As the kubelet mounts an emptyDir in memory in a pod with an fsGroup.
            ...["--tmpfs", "/run/conductor:uid=0,gid=10475,mode=3777"],
            ...["/shared", "/other-state", "/other-shared", "/new-shared"].flatMap((volume) => [
                "--tmpfs",
                `${volume}:uid=0,gid=10475,mode=2777`,
            ]),
            ...Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
            ...["--volume", `${path.join(CHART, "files")}:/scripts:ro`],
            ...["--volume", `${folder}:/etc/ironic-conductor:ro`],
            ironic,
            ...["python3", "-u", "/scripts/provisioning_ip.py"],
        );
        await docker(
            "run",
            "--detach",
            "--name",
            pod.database,
            ...["--network", `container:${pod.sidecar}`],
            ...["/var/lib/mysql", "/run/mysqld"].flatMap((volume) => ["--tmpfs", `${volume}:uid=999,gid=999,mode=755`]),
            ...["MARIADB_DATABASE=ironic", "MARIADB_USER=ironic", `MARIADB_PASSWORD=${PASSWORD}`].flatMap(
                (variable) => ["--env", variable],
            ),
            ...["--env", `MARIADB_ROOT_PASSWORD=${PASSWORD}`],
            mariadb,
        );
        return pod;
    }

    /** Runs what the chart runs in the conductor's container, with `echo` in place of Ironic. */
    startConductor(): Promise<string> {
        return this.asConductor([], "python3", "-u", "/scripts/start.py", "echo", "the conductor runs");
    }

    startOtherConductor(): Promise<string> {
        const environment = ["--env", "STATE_DIR=/other-state", "--env", "SHARED_DIR=/other-shared"];
        return this.asConductor(environment, "python3", "-u", "/scripts/start.py", "echo", "the conductor runs");
    }

    startConductorOfNewPod(): Promise<string> {
        const environment = ["--env", "STATE_DIR=/other-state", "--env", "SHARED_DIR=/new-shared"];
        return this.asConductor(environment, "python3", "-u", "/scripts/start.py", "echo", "the conductor runs");
    }

    prepare(): Promise<string> {
        return this.asConductor([], "python3", "-u", "/scripts/prepare.py");
    }

    private asConductor(options: string[], ...command: string[]): Promise<string> {
        return docker("exec", "--user", CONDUCTOR, ...options, this.sidecar, ...command);
    }

    /** Whether the sidecar asks Kubernetes for a restart of the conductor. */
    async restartRequested(): Promise<boolean> {
        return (await docker("exec", this.sidecar, "ls", "/run/conductor")).split("\n").includes("restart");
    }

    async tables(): Promise<string[]> {
        const query = ["-h127.0.0.1", "-uironic", `-p${PASSWORD}`, "-N", "-e", "SHOW TABLES", "ironic"];
        return (await docker("exec", this.database, "mariadb", ...query)).split("\n");
    }

    /** Restarts MariaDB, whose data in memory is lost. */
    async loseDatabase(): Promise<void> {
        await docker("restart", "--time", "20", this.database);
    }

    async stop(): Promise<void> {
        spawnSync("docker", ["rm", "--force", "--volumes", this.database, this.sidecar]);
        await rm(this.folder, { recursive: true, force: true });
    }
}

describe("charts/ironic: a restart of MariaDB, in the images of Ironic and MariaDB", function () {
    this.timeout(300_000);
    const ironic = imageForTests("ironic");
    const mariadb = imageForTests("mariadb");
    let pod: Pod | undefined;

    before(async () => {
        pod = await Pod.start(ironic(), mariadb());
    });
    after(() => pod?.stop());

    const migrations = (output: string) => output.match(/ironic-dbsync \w+/g) ?? [];

    it("Two conductors that start at the same time make the schema once", async () => {
        const outputs = await Promise.all([pod!.prepare(), pod!.startOtherConductor()]);
        expect(outputs.map(migrations)).to.have.deep.members([
            ["ironic-dbsync create_schema"],
            ["ironic-dbsync upgrade", "ironic-dbsync online_data_migrations"],
        ]);
        expect(outputs[1]).to.match(/the conductor runs\n$/);
        expect(await pod!.tables()).to.include.members(["nodes", "conductors", "alembic_version"]);
    });

    it("A conductor that starts leaves a schema alone that its pod has already seen", async () => {
        expect(await pod!.startConductor()).to.equal("the conductor runs\n");
    });

    it("The first start in a new pod upgrades the schema: its image may be newer", async () => {
        const upgrade = ["ironic-dbsync upgrade", "ironic-dbsync online_data_migrations"];
        expect(migrations(await pod!.startConductorOfNewPod())).to.deep.equal(upgrade);
        expect(migrations(await pod!.startConductorOfNewPod())).to.deep.equal([]);
    });

    it("A conductor that waits for the database stops at once when it is told to", async () => {
        const name = await docker(
            "run",
            "--detach",
            ...["--network", "none", "--user", CONDUCTOR, "--tmpfs", "/run/conductor:mode=1777"],
            ...["--volume", `${path.join(CHART, "files")}:/scripts:ro`, "--env", "STATE_DIR=/run/conductor"],
            ...["--env", `OS_DATABASE__CONNECTION=mysql+pymysql://ironic:${PASSWORD}@127.0.0.1:3306/ironic`],
            ironic(),
            ...["python3", "-u", "/scripts/start.py", "echo", "the conductor runs"],
        );
        const container = name.trim();
        try {
            await waitUntil({
                what: "the wait for the database",
                timeoutMs: 30_000,
                everyMs: 200,
                look: async () =>
                    (await docker("logs", container)).includes("waiting for the database")
                        ? { done: true }
                        : { pending: ["no line in the log"] },
            });
            await docker("stop", "--time", "60", container);
            // 137 would be a kill after 60 s.
            expect(await docker("inspect", "--format", "{{.State.ExitCode}}", container)).to.equal("143\n");
        } finally {
            await docker("rm", "--force", "--volumes", container);
        }
    });

    it("The sidecar requests a restart of the conductor after a restart of the database, and not before", async () => {
        expect(await pod!.restartRequested()).to.equal(false);
        await pod!.loseDatabase();
        await waitUntil({
            what: "the sidecar's request",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ((await pod!.restartRequested()) ? { done: true } : { pending: ["no request"] }),
        });
    });

    it("A conductor that is restarted removes the request and makes the lost schema again", async () => {
        expect(await pod!.tables()).to.not.include("nodes");
        const output = await pod!.startConductor();
        expect(migrations(output)).to.deep.equal(["ironic-dbsync create_schema"]);
        expect(output).to.match(/the conductor runs\n$/);
        expect(await pod!.tables()).to.include.members(["nodes", "conductors", "alembic_version"]);
        expect(await pod!.restartRequested()).to.equal(false);
    });
});
