import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { waitUntil } from "../../lib/wait-until";
import { docker } from "../docker";
import { CHART, conductorContainer, find, podOf, render, type Rendered } from "./helm";

const IP = "192.168.222.100";
/** User and group of the conductor's processes. */
export const CONDUCTOR = "10475:10475";
/** Of Ironic's user in the database. */
export const PASSWORD = "secret";

const DATABASE = `mysql+pymysql://ironic:${PASSWORD}@127.0.0.1:3306/ironic?charset=utf8mb4`;

/** The command by which the chart runs a script in the image of Ironic. */
export const commandOf = (objects: Rendered[], ...script: string[]): string[] => {
    const { command } = conductorContainer(objects, "prepare");
    return [...command.slice(0, command.indexOf("/scripts/prepare.py")), ...script];
};

/** What the chart tells every Python. */
const pythonVariables = (objects: Rendered[]): Record<string, string> =>
    Object.fromEntries(
        conductorContainer(objects, "ironic")
            .env.filter(({ name }: { name: string }) => name.startsWith("PYTHON"))
            .map(({ name, value }: { name: string; value: string }) => [name, value]),
    );

/**
 * The pod of a conductor in two containers that share a network: its sidecar, and the database with its data in memory.
 * The conductor and a second one run in the sidecar's container, with the user and the volumes that they have in
 * Kubernetes.
 */
export class ConductorPod {
    private constructor(
        private readonly folder: string,
        private readonly sidecar: string,
        private readonly database: string,
        private readonly objects: Rendered[],
    ) {}

    static async start(ironic: string, mariadb: string): Promise<ConductorPod> {
        const folder = await mkdtemp(path.join(os.tmpdir(), "conductor-"));
        const objects = render({ "provisioning.ips": [IP] });
        const configuration = find(objects, "ConfigMap", "ironic-conductor-0")["data"]["ironic.conf"];
        await writeFile(path.join(folder, "ironic.conf"), configuration);
        await chmod(folder, 0o755);
        const name = path.basename(folder).toLowerCase();
        const pod = new ConductorPod(folder, `${name}-sidecar`, `${name}-database`, objects);
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
            OS_DATABASE__CONNECTION: DATABASE,
            STATE_DIR: "/run/conductor",
            HTTP_URL: `http://${IP}:6180`,
            PYTHONDONTWRITEBYTECODE: "1",
            ...pythonVariables(objects),
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
            ...commandOf(objects, "/scripts/provisioning_ip.py"),
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
            ...podOf(find(objects, "StatefulSet", "ironic-mariadb")).containers[0].args.filter((option: string) =>
                /^--(character-set|collation)-server=/.test(option),
            ),
        );
        return pod;
    }

    /** Runs what the chart runs in the conductor's container, with `echo` in place of Ironic. */
    startConductor(): Promise<string> {
        return this.asConductor([], "/scripts/start.py", "echo", "the conductor runs");
    }

    startOtherConductor(): Promise<string> {
        const environment = ["--env", "STATE_DIR=/other-state", "--env", "SHARED_DIR=/other-shared"];
        return this.asConductor(environment, "/scripts/start.py", "echo", "the conductor runs");
    }

    startConductorOfNewPod(): Promise<string> {
        const environment = ["--env", "STATE_DIR=/other-state", "--env", "SHARED_DIR=/new-shared"];
        return this.asConductor(environment, "/scripts/start.py", "echo", "the conductor runs");
    }

    prepare(): Promise<string> {
        return this.asConductor([], "/scripts/prepare.py");
    }

    /** Runs the init container of another conductor, in an image of another version. */
    prepareIn(image: string): Promise<string> {
        const volumes = ["--volumes-from", this.sidecar, "--tmpfs", "/later:uid=0,gid=10475,mode=2777"];
        return docker(
            "run",
            ...["--rm", "--network", `container:${this.sidecar}`, "--user", CONDUCTOR, ...volumes],
            ...["--env", "SHARED_DIR=/later", "--env", `OS_DATABASE__CONNECTION=${DATABASE}`],
            ...["--env", "STOP_TIMEOUT=5", "--env", "PYTHONDONTWRITEBYTECODE=1"],
            image,
            ...commandOf(this.objects, "/scripts/prepare.py"),
        );
    }

    /** Runs conductor.py with an option of `ironic` that ends it at once. */
    ironicVersion(): Promise<string> {
        const sizes = ["--env", "CONDUCTOR_SERVER_THREADS=16", "--env", "CONDUCTOR_READERS=2"];
        return this.asConductor(sizes, "/scripts/start.py", "/scripts/conductor.py", "--version");
    }

    /** Runs something else in the sidecar's container. */
    exec(...command: string[]): Promise<string> {
        return docker("exec", this.sidecar, ...command);
    }

    private asConductor(options: string[], ...script: string[]): Promise<string> {
        const command = commandOf(this.objects, ...script);
        return docker("exec", "--user", CONDUCTOR, ...options, this.sidecar, ...command);
    }

    /** Whether the sidecar asks Kubernetes for a restart of the conductor. */
    async restartRequested(): Promise<boolean> {
        return (await docker("exec", this.sidecar, "ls", "/run/conductor")).split("\n").includes("restart");
    }

    tables(): Promise<string[]> {
        return this.query("SHOW TABLES");
    }

    /** Waits until the database answers. */
    reached(): Promise<void> {
        return waitUntil({
            what: "the database",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ({ done: void (await this.tables()) }),
        });
    }

    /** Asks the database. @returns the lines of its answer */
    async query(statement: string): Promise<string[]> {
        const query = ["-h127.0.0.1", "-uironic", `-p${PASSWORD}`, "-N", "-e", statement, "ironic"];
        return (await docker("exec", this.database, "mariadb", ...query)).trim().split("\n");
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
