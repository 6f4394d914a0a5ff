import { FAKE_IPA_PORT } from "../../identities";
import type { LabPlan } from "../../plan";

/** Ports of the programs beside Prometheus, in its own pod. */
export const IRONIC_METRICS_PORT = 9105;
export const MARIADB_METRICS_PORT = 9104;
export const PROMETHEUS_PORT = 9090;
/** Port at which etcd's metrics are handed out on the control plane's node. */
export const ETCD_METRICS_PORT = 2382;

/** Port of the metrics of BMO, CAPM3, IPAM and Cluster API's managers, by TLS and with a token. */
const MANAGER_PORT = 8443;
/** Port of FKAS's metrics. */
const FKAS_PORT = 8080;
const KUBELET_PORT = 10_250;

/** The managers, by their part: the namespace of each, in which it is alone. */
export const MANAGERS: Readonly<Record<string, string>> = {
    "baremetal-operator": "baremetal-operator-system",
    capi: "capi-system",
    "capi-kubeadm-bootstrap": "capi-kubeadm-bootstrap-system",
    "capi-kubeadm-control-plane": "capi-kubeadm-control-plane-system",
    capm3: "capm3-system",
    ipam: "metal3-ipam-system",
};

/** Names of the metrics that rules and dashboards read, by the name of the job that they come from. */
export type MetricNames = Readonly<Record<string, readonly string[]>>;

/** What of a lab is asked. */
export type ScrapedLab = Pick<LabPlan, "namespace" | "pairs" | "fakeApiServers"> & {
    substrate: Pick<LabPlan["substrate"], "own">;
};

/** Where the files are that Prometheus reads. */
export const PROMETHEUS_PATHS = { configuration: "/etc/prometheus", targets: "/etc/prometheus-targets" };

/** Name of the Service that leads to the metrics of a part. */
export const metricsService = (part: string): string => `${part}-metrics`;

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const WITH_TOKEN = { scheme: "https", authorization: { credentials_file: `${ACCOUNT}/token` } };
/** For servers that make certificates of their own at each start: there is nothing to hold them against. */
const UNVERIFIED = { ...WITH_TOKEN, tls_config: { insecure_skip_verify: true } };

/** Where a part is asked. */
interface Target {
    targets: string[];
    labels: { part: string; node?: string };
}

const target = (part: string, host: string, port: number): Target => ({
    targets: [`${host}:${port}`],
    labels: { part },
});

/** A part of prometheus.yml: how the parts of one kind are asked. */
interface Job {
    job_name: string;
    [field: string]: unknown;
}

const fixed = (job_name: string, ...static_configs: Target[]): Job => ({ job_name, static_configs });

/** Parts that come and go with the size of the lab. Prometheus reads the file anew by itself, and is not restarted. */
const listed = (job_name: string, file = job_name): Job => ({
    job_name,
    file_sd_configs: [{ files: [`${PROMETHEUS_PATHS.targets}/${file}.json`] }],
});

/** prometheus.yml. @throws Error where nobody reads a metric of a job */
export const prometheusConfiguration = (lab: ScrapedLab, metrics: MetricNames): object => ({
    // The machine has other things to do: twice a minute is what the rules need.
    global: { scrape_interval: "30s", scrape_timeout: "20s", evaluation_interval: "30s" },
    rule_files: [`${PROMETHEUS_PATHS.configuration}/*.rules.yaml`],
    // Of each job only those metrics are kept that somebody reads.
    scrape_configs: [...labJobs(lab), ...ownJobs(lab)].map((job) => ({
        ...job,
        metric_relabel_configs: [
            { source_labels: ["__name__"], regex: namesOf(job, metrics).join("|"), action: "keep" },
        ],
    })),
});

function namesOf({ job_name }: Job, metrics: MetricNames): readonly string[] {
    const names = metrics[job_name] ?? [];
    if (names.length === 0) {
        throw new Error(`metrics/names.yaml has no metric of the job ${job_name}`);
    }
    return names;
}

const labJobs = (lab: ScrapedLab): Job[] => [
    fixed("prometheus", target("prometheus", "127.0.0.1", PROMETHEUS_PORT)),
    fixed("ironic", target("ironic", "127.0.0.1", IRONIC_METRICS_PORT)),
    fixed("mariadb", target("mariadb", "127.0.0.1", MARIADB_METRICS_PORT)),
    {
        ...fixed(
            "controllers",
            ...Object.entries(MANAGERS).map(([part, namespace]) =>
                target(part, `${metricsService(part)}.${namespace}.svc`, MANAGER_PORT),
            ),
        ),
        ...UNVERIFIED,
    },
    ...Object.keys(labTargets(lab)).map((job) => listed(job)),
];

/** Jobs that a lab has in a cluster of its own. */
function ownJobs({ substrate: { own } }: ScrapedLab): Job[] {
    const [controlPlane] = own?.nodes ?? [];
    if (controlPlane === undefined) {
        return [];
    }
    return [
        {
            ...fixed("kube-apiserver", target("kube-apiserver", "kubernetes.default.svc", 443)),
            ...WITH_TOKEN,
            tls_config: { ca_file: `${ACCOUNT}/ca.crt` },
        },
        fixed("etcd", target("etcd", controlPlane.address, ETCD_METRICS_PORT)),
        { ...listed("kubelet"), ...UNVERIFIED },
        { ...listed("cadvisor", "kubelet"), ...UNVERIFIED, metrics_path: "/metrics/cadvisor" },
    ];
}

const labTargets = ({ namespace, pairs, fakeApiServers }: ScrapedLab): Record<string, Target[]> => ({
    fkas: fakeApiServers.map(({ name }) => target(name, `${metricsService(name)}.${namespace}.svc`, FKAS_PORT)),
    "fake-ipa": pairs.map(({ name, fakeIpaHost }) => target(name, fakeIpaHost, FAKE_IPA_PORT)),
});

/** The files of the parts that come and go: content by name. */
export function targetFiles(lab: ScrapedLab): Record<string, string> {
    const nodes = (lab.substrate.own?.nodes ?? []).map(({ name, address }) => ({
        targets: [`${address}:${KUBELET_PORT}`],
        labels: { part: "kubelet", node: name },
    }));
    const all = { ...labTargets(lab), ...(nodes.length === 0 ? {} : { kubelet: nodes }) };
    return Object.fromEntries(Object.entries(all).map(([name, targets]) => [`${name}.json`, JSON.stringify(targets)]));
}
