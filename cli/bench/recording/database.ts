import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { CoreV1Api, Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import type { MetricsLine } from "../../record/lines";

type Database = NonNullable<MetricsLine["mariadb"]>;

/** Label of MariaDB's pod, and its container (charts/ironic). */
const MARIADB = "app.kubernetes.io/component=mariadb";
const CONTAINER = "mariadb";

/** MariaDB's names of the counters that are read (its manual, "Server Status Variables"). */
const VARIABLES = {
    queries: "Questions",
    slowQueries: "Slow_queries",
    rowLockWaits: "Innodb_row_lock_waits",
    rowLockMs: "Innodb_row_lock_time",
} as const satisfies Record<keyof Database, string>;

const QUERY = `SHOW GLOBAL STATUS WHERE Variable_name IN (${Object.values(VARIABLES)
    .map((name) => `'${name}'`)
    .join(", ")})`;

/** As Ironic's user, as the pod's own probes do. */
const SCRIPT = 'MYSQL_PWD=$(cat "$MARIADB_PASSWORD_FILE") exec mariadb -h127.0.0.1 -u"$MARIADB_USER" -N -B -e "$1"';

/**
 * What MariaDB has counted since it began. It is asked in its pod, which needs no port and no account of its own.
 * @throws Error when it does not answer, or the pod may not be entered
 */
export async function readDatabase(config: KubeConfig, namespace: string): Promise<Database> {
    const core = config.makeApiClient(CoreV1Api);
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: MARIADB });
    const pod = items.find(({ status }) => status?.phase === "Running")?.metadata?.name;
    if (pod === undefined) {
        throw new Error(`no pod with the label ${MARIADB} runs`);
    }
    return parseStatus(await inPod(config, namespace, pod, ["sh", "-c", SCRIPT, "status", QUERY]));
}

/** Reads the lines NAME TAB NUMBER. @throws Error when a counter is missing */
export function parseStatus(printed: string): Database {
    const values = new Map(printed.split("\n").map((line) => line.split("\t", 2) as [string, string]));
    const value = (name: string): number => {
        const found = Number(values.get(name));
        if (Number.isNaN(found)) {
            throw new Error(`MariaDB's status has no number ${name}`);
        }
        return found;
    };
    return {
        queries: value(VARIABLES.queries),
        slowQueries: value(VARIABLES.slowQueries),
        rowLockWaits: value(VARIABLES.rowLockWaits),
        rowLockMs: value(VARIABLES.rowLockMs),
    };
}

/** Runs a command in a pod. @returns its standard output. @throws Error with its standard error when it failed */
async function inPod(config: KubeConfig, namespace: string, pod: string, command: string[]): Promise<string> {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const said = Promise.all([text(out), text(err)]);
    const ended = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config).exec(namespace, pod, CONTAINER, command, out, err, null, false, resolve).catch(reject);
    });
    out.end();
    err.end();
    const [output, error] = await said;
    if (ended.status !== "Success") {
        throw new Error(error.trim() || ended.message || "the command failed");
    }
    return output;
}
