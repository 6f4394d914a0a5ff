import { stringify } from "yaml";
import type { LabConfig } from "../../config/keys";
import type { ImageReferences } from "../../image-reference";
import type { LabPlan } from "../../plan";
import { nodesOf } from "../../scheduling";
import type { Manifest } from "../documents";
import { CREDENTIALS_SECRET } from "../ironic-values";
import { podPullSecrets } from "../pull-secrets";
import { accessObjects, metricsServices, PROMETHEUS } from "./access";
import { etcdObjects } from "./etcd";
import { container, pod, podLabels } from "./pods";
import {
    IRONIC_METRICS_PORT,
    MARIADB_METRICS_PORT,
    PROMETHEUS_PATHS,
    PROMETHEUS_PORT,
    prometheusConfiguration,
    targetFiles,
    type MetricNames,
} from "./scrape";

/** The files of the folder `metrics` that a lab gets. */
export interface ObservabilityFiles {
    /** Rules by the name of their file, which ends with `.rules.yaml`. */
    rules: Readonly<Record<string, string>>;
    metrics: MetricNames;
    /** Text of ironic_metrics.py. */
    ironicMetrics: string;
}

/** The ConfigMap with the targets that come and go. */
const TARGETS = "prometheus-targets";
/** `nobody`, as in the image of the Prometheus project. */
const USER = 65_534;
/** The user of Ironic's image. */
const IRONIC_USER = 10_475;

/** Metrics are kept this long and in at most so many bytes, whichever comes first. They go with the pod. */
const RETENTION = { time: "24h", size: "1GB" };
/** What the pod may write, beyond which it is evicted: what is kept, and what has not been compacted yet. */
const VOLUME_LIMIT = "2Gi";

const SCRIPT = "ironic_metrics.py";
const SCRIPTS = "/etc/ironic-metrics";
const STORAGE = "/prometheus";

/** All that a lab with `observability` has besides. */
export function observabilityObjects(
    plan: LabPlan,
    images: ImageReferences,
    config: LabConfig,
    files: ObservabilityFiles,
): Manifest[] {
    const {
        namespace,
        substrate: { own },
    } = plan;
    const data = {
        "prometheus.yml": stringify(prometheusConfiguration(plan, files.metrics)),
        [SCRIPT]: files.ironicMetrics,
        ...files.rules,
    };
    const configMap = (name: string, content: Record<string, string>): Manifest => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace },
        data: content,
    });
    return [
        ...accessObjects(namespace, own !== undefined),
        ...metricsServices(plan),
        configMap(PROMETHEUS, data),
        configMap(TARGETS, targetFiles(plan)),
        {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: PROMETHEUS, namespace },
            spec: {
                selector: podLabels(PROMETHEUS),
                ports: [{ name: "http", port: PROMETHEUS_PORT, targetPort: PROMETHEUS_PORT }],
            },
        },
        prometheusPod(namespace, images, config, data),
        ...(own === undefined ? [] : etcdObjects(namespace, images.reference("image-server"), own, config)),
    ];
}

function prometheusPod(
    namespace: string,
    images: ImageReferences,
    config: LabConfig,
    files: Readonly<Record<string, string>>,
): Manifest {
    return pod({
        name: PROMETHEUS,
        namespace,
        user: USER,
        files,
        spec: {
            ...nodesOf(config),
            ...podPullSecrets(config),
            serviceAccountName: PROMETHEUS,
            containers: [
                prometheus(images.reference("prometheus")),
                ironicMetrics(images.reference("ironic"), namespace),
                mariadbMetrics(images.reference("mysqld-exporter"), namespace),
            ],
            volumes: [
                { name: "files", configMap: { name: PROMETHEUS } },
                { name: "targets", configMap: { name: TARGETS } },
                { name: "storage", emptyDir: { sizeLimit: VOLUME_LIMIT } },
            ],
        },
    });
}

const prometheus = (image: string): object =>
    container({
        name: PROMETHEUS,
        image,
        command: ["prometheus"],
        args: [
            `--config.file=${PROMETHEUS_PATHS.configuration}/prometheus.yml`,
            `--storage.tsdb.path=${STORAGE}`,
            `--storage.tsdb.retention.time=${RETENTION.time}`,
            `--storage.tsdb.retention.size=${RETENTION.size}`,
        ],
        ports: [{ name: "http", containerPort: PROMETHEUS_PORT }],
        requests: { cpu: "20m", memory: "192Mi" },
        memoryLimit: "1Gi",
        probe: { httpGet: { port: PROMETHEUS_PORT, path: "/-/ready" } },
        volumeMounts: [
            { name: "files", mountPath: PROMETHEUS_PATHS.configuration, readOnly: true },
            { name: "targets", mountPath: PROMETHEUS_PATHS.targets, readOnly: true },
            { name: "storage", mountPath: STORAGE },
        ],
    });

/** The password of the database's user `ironic`: letters and digits alone. */
const PASSWORD = {
    name: "MARIADB_PASSWORD",
    valueFrom: { secretKeyRef: { name: CREDENTIALS_SECRET, key: "mariadb-password" } },
};
const databaseHost = (namespace: string): string => `ironic-mariadb.${namespace}.svc`;

const tcp = (port: number): object => ({ tcpSocket: { port } });

/** What Ironic knows of its nodes, read from its database with the Python that has a driver for it. */
const ironicMetrics = (image: string, namespace: string): object =>
    container({
        name: "ironic-metrics",
        image,
        // The interpreter that the first line of `ironic` names: in upstream's image it is not `python3`.
        command: [
            "sh",
            "-c",
            'read -r first < "$(command -v ironic)" && exec ${first#"#!"} "$@"',
            "sh",
            `${SCRIPTS}/${SCRIPT}`,
        ],
        env: [
            PASSWORD,
            { name: "DATABASE_HOST", value: databaseHost(namespace) },
            { name: "PORT", value: String(IRONIC_METRICS_PORT) },
            { name: "PYTHONUNBUFFERED", value: "1" },
        ],
        user: IRONIC_USER,
        requests: { cpu: "5m", memory: "32Mi" },
        memoryLimit: "128Mi",
        probe: tcp(IRONIC_METRICS_PORT),
        volumeMounts: [{ name: "files", mountPath: SCRIPTS, readOnly: true }],
    });

/** What the database's user `ironic` may see; everything else needs more rights. */
const mariadbMetrics = (image: string, namespace: string): object =>
    container({
        name: "mysqld-exporter",
        image,
        command: ["mysqld_exporter"],
        args: [
            "--no-collect.slave_status",
            ...["innodb_cmp", "innodb_cmpmem", "query_response_time"].map((name) => `--no-collect.info_schema.${name}`),
        ],
        env: [
            PASSWORD,
            { name: "DATA_SOURCE_NAME", value: `ironic:$(MARIADB_PASSWORD)@(${databaseHost(namespace)}:3306)/` },
        ],
        requests: { cpu: "5m", memory: "16Mi" },
        memoryLimit: "64Mi",
        probe: tcp(MARIADB_METRICS_PORT),
    });
