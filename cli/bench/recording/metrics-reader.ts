import { request, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { ApiException, CoreV1Api, RbacAuthorizationV1Api, type KubeConfig } from "@kubernetes/client-node";
import { errorText } from "../../../lib/error-text";
import type { NodeAccess } from "../../../machine/holder";
import { HOLDERS } from "../../../machine/holders";
import { stackPrefix } from "../../../plan/identities";
import type { BmoLogLine, MetricsLine } from "../../record/lines";
import { readBmoLog } from "./bmo-log";
import { readDatabase } from "./database";
import { readNodeMetrics, targets } from "./node-metrics";
import { apiserverMetrics } from "./part-metrics";

/** The account as which the controllers are asked for their metrics, and its binding to Kubernetes' own role. */
const ACCOUNT = "metal3-scale-lab-recorder";
const ROLE = "system:monitoring";
const TOKEN_SECONDS = 86_400;
const LIMIT_MS = 20_000;

/** Where the parts are asked: the lab's stack and namespace, and whether its nodes are on this machine. */
export interface Place {
    stack: string;
    namespace: string;
    isHere: boolean;
}

/** Reads what the parts of a lab say of themselves. */
export class MetricsReader {
    /** The reason of the last part that could not be read; "" when there was none. */
    lastError = "";
    private token: Promise<string> | undefined;

    constructor(
        private readonly config: KubeConfig,
        private readonly place: Place,
    ) {}

    /** A part that does not answer is null. */
    async read(): Promise<Omit<MetricsLine, "line" | "t">> {
        const signal = AbortSignal.timeout(LIMIT_MS);
        const apiserver = await this.unless(null, async () => apiserverMetrics(await this.ask("/metrics", signal)));
        // In a cluster that is there nothing of ours may be made to ask with.
        const inNode = this.place.isHere
            ? await this.unless({ etcd: null, controllers: {} }, () => this.askInNode(signal))
            : { etcd: null, controllers: {} };
        const mariadb = await this.unless(null, () => inTime(readDatabase(this.config, this.place.namespace), signal));
        return { apiserver, mariadb, ...inNode };
    }

    /** What BMO's log says of Ironic; undefined where it cannot be read. @param began lines from then on count */
    async bmoLog(began: Date): Promise<Omit<BmoLogLine, "line" | "t"> | undefined> {
        const signal = AbortSignal.timeout(LIMIT_MS);
        return this.place.isHere
            ? this.unless(undefined, async () => readBmoLog(await this.controlPlane(signal), began, signal))
            : undefined;
    }

    private async unless<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
        try {
            return await work();
        } catch (error) {
            this.lastError = errorText(error);
            return otherwise;
        }
    }

    private async askInNode(signal: AbortSignal): Promise<Pick<MetricsLine, "etcd" | "controllers">> {
        this.token ??= this.makeToken();
        this.token.catch(() => (this.token = undefined));
        const [token, node, pods] = await Promise.all([
            this.token,
            this.controlPlane(signal),
            this.config.makeApiClient(CoreV1Api).listPodForAllNamespaces(),
        ]);
        return readNodeMetrics(node, token, targets(pods.items), signal);
    }

    private async controlPlane(signal: AbortSignal): Promise<NodeAccess> {
        const prefix = stackPrefix(this.place.stack);
        const parts = (await Promise.all(HOLDERS.map((each) => each.runningParts(prefix, signal)))).flat();
        const [node] = parts.flatMap((part) => (part.name.startsWith("worker") ? [] : (part.node ?? [])));
        if (node === undefined) {
            throw new Error("no node of the control plane was found on this machine");
        }
        return node;
    }

    /** A token with which metrics may be read. It goes with the lab's cluster. */
    private async makeToken(): Promise<string> {
        const { namespace } = this.place;
        const core = this.config.makeApiClient(CoreV1Api);
        const metadata = { name: ACCOUNT };
        await unlessThere(core.createNamespacedServiceAccount({ namespace, body: { metadata } }));
        await unlessThere(
            this.config.makeApiClient(RbacAuthorizationV1Api).createClusterRoleBinding({
                body: {
                    metadata,
                    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: ROLE },
                    subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace }],
                },
            }),
        );
        const { status } = await core.createNamespacedServiceAccountToken({
            name: ACCOUNT,
            namespace,
            body: { spec: { audiences: [], expirationSeconds: TOKEN_SECONDS } },
        });
        return status?.token ?? "";
    }

    /** What kube-apiserver answers at a path that is no object's. */
    private async ask(path: string, signal: AbortSignal): Promise<string> {
        const url = new URL(path, this.config.getCurrentCluster()?.server);
        const options: RequestOptions = { signal };
        await this.config.applyToHTTPSOptions(options);
        return new Promise((resolve, reject) => {
            request(url, options, (response) => {
                const answer = text(response);
                if (response.statusCode === 200) {
                    answer.then(resolve, reject);
                } else {
                    answer.catch(() => undefined);
                    reject(new Error(`${path} answered ${response.statusCode}`));
                }
            })
                .on("error", reject)
                .end();
        });
    }
}

/** Waits no longer than a signal allows. @throws Error when it comes first */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const late = new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(new Error(`MariaDB did not answer in ${LIMIT_MS / 1000} s`))),
    );
    return Promise.race([work, late]);
}

/** Makes an object, unless there is one of that name. */
async function unlessThere(made: Promise<unknown>): Promise<void> {
    await made.catch((error: unknown) => {
        if (!(error instanceof ApiException && error.code === 409)) {
            throw error;
        }
    });
}
