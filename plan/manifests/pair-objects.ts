import { FAKE_IPA_PORT, SUSHY_TOOLS_PORT } from "../identities";
import type { PairPlan } from "../plan";
import { scheduling, type Scheduling } from "../scheduling";
import type { Manifest } from "./documents";
import { PAIR_ENVIRONMENT, PAIR_PATHS } from "./pair-configuration";
import type { PodPullSecrets } from "./pull-secrets";

/**
 * What the objects of a pair in the cluster follow from.
 * @typeParam Value a text, or one that is known only once something is made
 */
export interface PairObjectsOptions<Value> {
    pair: Pick<PairPlan, "name">;
    namespace: string;
    images: { sushyTools: string; fakeIpa: string };
    scheduling: Scheduling;
    /** Secrets by which the images may be pulled. */
    pullSecrets: PodPullSecrets;
    /** The files that both containers get: content by path, all in one folder. */
    files: Record<string, Value>;
    /** The same for files that are secret. */
    credentials: Record<string, Value>;
    /** Digest of all files. A pod reads them when it starts: other files need another pod. */
    digest: Value;
    /** Text of services/pair-state/pair_state.py. */
    keeper: string;
}

/** User of the image of sushy-tools (toolchain/images/sushy-tools). All containers have it, and share their files. */
const USER = 10_476;

/** Where the sidecar finds the program that keeps the state, and says that the state is there. */
const KEEPER = "pair_state.py";
const READY_FILE = "/tmp/ready";

/** Labels of the pods of all pairs. */
const PAIR_LABELS = { "app.kubernetes.io/name": "fake-nodes" };

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/** Folders of the files that both containers get, and of those that are secret. */
const FILES = folderOf(PAIR_PATHS.configuration);
const CREDENTIALS = folderOf(PAIR_PATHS.bmcPassword);

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Files as ConfigMaps and Secrets hold them: content by name. */
const byName = <Value>(files: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(files).map(([path, content]) => [fileName(path), content]));

/** Name of the Secret with what a pair knows of its BMCs' password. */
const credentialsName = (pair: string): string => `${pair}-bmc`;

/**
 * A pair as one pod with two containers, behind a Service that leads to both: the addresses of its hosts' BMCs and
 * agents stay the same, whatever node the pod is on.
 * @returns what it needs, with an empty Secret for its state; the Secret with its credentials; and its Deployment
 */
export function pairObjects<Value>(
    options: PairObjectsOptions<Value>,
): Record<"credentials" | "deployment", Manifest> & { before: Manifest[] } {
    const { pair, namespace, files, keeper } = options;
    const labels = { ...PAIR_LABELS, "app.kubernetes.io/instance": pair.name };
    const metadata = { name: pair.name, namespace, labels };
    return {
        before: [
            { apiVersion: "v1", kind: "ConfigMap", metadata, data: { ...byName(files), [KEEPER]: keeper } },
            ...stateObjects(metadata),
            {
                apiVersion: "v1",
                kind: "Service",
                metadata,
                spec: {
                    selector: labels,
                    ports: [
                        { name: "redfish", port: SUSHY_TOOLS_PORT, targetPort: SUSHY_TOOLS_PORT },
                        { name: "agents", port: FAKE_IPA_PORT, targetPort: FAKE_IPA_PORT },
                    ],
                },
            },
        ],
        credentials: {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { ...metadata, name: credentialsName(pair.name) },
            stringData: byName(options.credentials),
        },
        deployment: {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata,
            spec: {
                replicas: 1,
                // Two pods of a pair would be two machines for each host.
                strategy: { type: "Recreate" },
                selector: { matchLabels: labels },
                template: {
                    metadata: { labels, annotations: { "metal3-scale-lab/files": options.digest } },
                    spec: podSpec(options),
                },
            },
        },
    };
}

/** Name of the Secret with the state of a pair, of the ServiceAccount that may change it, and of its role. */
const stateName = (pair: string): string => `${pair}-state`;

/** A Secret for the pair's state, and the right to change just this one. */
function stateObjects({
    name,
    ...rest
}: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
}): Manifest[] {
    const metadata = { ...rest, name: stateName(name) };
    const rbac = "rbac.authorization.k8s.io";
    const rules = [
        { apiGroups: [""], resources: ["secrets"], resourceNames: [metadata.name], verbs: ["get", "patch"] },
    ];
    return [
        { apiVersion: "v1", kind: "Secret", metadata },
        { apiVersion: "v1", kind: "ServiceAccount", metadata },
        { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules },
        {
            apiVersion: `${rbac}/v1`,
            kind: "RoleBinding",
            metadata,
            roleRef: { apiGroup: rbac, kind: "Role", name: metadata.name },
            subjects: [{ kind: "ServiceAccount", name: metadata.name, namespace: rest.namespace }],
        },
    ];
}

const SECURITY = {
    runAsNonRoot: true,
    runAsUser: USER,
    runAsGroup: USER,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
};

/** The sidecar that restores the state before the pair starts, and keeps it (see services/pair-state). */
const stateKeeper = ({ pair, images }: PairObjectsOptions<unknown>): object => ({
    name: "state",
    image: images.sushyTools,
    imagePullPolicy: "IfNotPresent",
    restartPolicy: "Always",
    command: ["python3", "-u", `${FILES}/${KEEPER}`],
    env: [
        {
            name: "STATE_DIRS",
            value: `sushy-tools=${PAIR_PATHS.sushyToolsState} fake-ipa=${PAIR_PATHS.fakeIpaState}`,
        },
        { name: "SECRET_NAME", value: stateName(pair.name) },
        { name: "READY_FILE", value: READY_FILE },
        { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
        { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    ],
    securityContext: SECURITY,
    startupProbe: { exec: { command: ["test", "-e", READY_FILE] }, periodSeconds: 1, failureThreshold: 120 },
    resources: { requests: { cpu: "5m", memory: "24Mi" } },
    volumeMounts: [
        { name: "files", mountPath: FILES, readOnly: true },
        { name: "sushy-tools-state", mountPath: PAIR_PATHS.sushyToolsState },
        { name: "fake-ipa-state", mountPath: PAIR_PATHS.fakeIpaState },
    ],
});

function podSpec(options: PairObjectsOptions<unknown>): object {
    const { pair, images, scheduling: wanted } = options;
    const container = (name: string, image: string, port: number, state: string) => ({
        name,
        image,
        imagePullPolicy: "IfNotPresent",
        env: Object.entries(PAIR_ENVIRONMENT).map(([variable, value]) => ({ name: variable, value })),
        ports: [{ containerPort: port }],
        securityContext: SECURITY,
        startupProbe: { tcpSocket: { port }, periodSeconds: 1, failureThreshold: 60 },
        // A request would wait in line with those of Ironic, and a busy pair would be restarted.
        livenessProbe: { tcpSocket: { port }, periodSeconds: 30, timeoutSeconds: 10 },
        resources: { requests: { cpu: "10m", memory: "64Mi" } },
        volumeMounts: [
            { name: "files", mountPath: FILES, readOnly: true },
            { name: "credentials", mountPath: CREDENTIALS, readOnly: true },
            { name: `${name}-state`, mountPath: state },
        ],
    });
    return {
        // All pairs are spread together: each has one pod.
        ...scheduling(wanted, PAIR_LABELS),
        ...options.pullSecrets,
        serviceAccountName: stateName(pair.name),
        enableServiceLinks: false,
        hostname: pair.name,
        terminationGracePeriodSeconds: 10,
        securityContext: { fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
        initContainers: [stateKeeper(options)],
        containers: [
            container("sushy-tools", images.sushyTools, SUSHY_TOOLS_PORT, PAIR_PATHS.sushyToolsState),
            container("fake-ipa", images.fakeIpa, FAKE_IPA_PORT, PAIR_PATHS.fakeIpaState),
        ],
        volumes: [
            { name: "files", configMap: { name: pair.name } },
            { name: "credentials", secret: { secretName: credentialsName(pair.name) } },
            { name: "sushy-tools-state", emptyDir: {} },
            { name: "fake-ipa-state", emptyDir: {} },
        ],
    };
}
