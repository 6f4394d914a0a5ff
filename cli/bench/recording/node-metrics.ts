import type { NodeAccess } from "../../../machine/holder";
import type { MetricsLine } from "../../record/lines";
import { componentOf, workload } from "../usage/names";
import { controllerMetrics, etcdMetrics, NODE_PATTERN } from "./part-metrics";

/** A controller whose metrics are asked for. */
export interface Target {
    /** Name of its component. */
    name: string;
    /** Address of its pod, and the port of its metrics. */
    address: string;
    port: number;
    isEncrypted: boolean;
}

/** Controllers with metrics by their Deployments, and the port: none of upstream's sets another. */
const SECURE_PORT = 8443;
const FKAS_PORT = 8080;
const CONTROLLERS =
    /^(baremetal-operator|capi|capi-kubeadm-control-plane|capi-kubeadm-bootstrap|capm3|ipam)-controller/;

/** A pod with what is needed of it. */
export interface Pod {
    metadata?: { name?: string };
    status?: { podIP?: string; phase?: string };
}

/** The controllers among pods. Of several FKAS each is one. */
export function targets(pods: readonly Pod[]): Target[] {
    return pods.flatMap(({ metadata, status }): Target[] => {
        const pod = metadata?.name ?? "";
        const address = status?.podIP;
        if (address === undefined || status?.phase !== "Running") {
            return [];
        }
        const deployment = workload(pod);
        if (CONTROLLERS.test(deployment)) {
            return [{ name: componentOf(deployment), address, port: SECURE_PORT, isEncrypted: true }];
        }
        return deployment === "fkas" ? [{ name: "fkas", address, port: FKAS_PORT, isEncrypted: false }] : [];
    });
}

/**
 * A shell script that runs inside the control plane's node, from which pods and etcd are reached. It prints, for each
 * part, a line `# NAME` and the metrics that are wanted of it. A part that does not answer has only the first line. Not
 * the API server's proxy: it takes the token off a request, without which no controller answers.
 * Arguments: the pattern of the wanted names, the token, then name and socat address of each part.
 */
export const METRICS_SCRIPT = `
wanted=$1 token=$2
shift 2
while [ $# -gt 1 ]; do
    echo "# $1"
    printf 'GET /metrics HTTP/1.0\\r\\nAuthorization: Bearer %s\\r\\n\\r\\n' "$token" |
        socat -t 10 -T 10 - "$2" | tr -d '\\r' | grep -E "$wanted"
    shift 2
done
true
`;

const ETCD = { name: "etcd", socat: "TCP4:127.0.0.1:2379,connect-timeout=5" };

const socat = ({ address, port, isEncrypted }: Target): string =>
    isEncrypted
        ? // The controllers make certificates of their own at each start: there is nothing to hold them against.
          `OPENSSL:${address}:${port},connect-timeout=5,shut-none,verify=0`
        : `TCP4:${address}:${port},connect-timeout=5,shut-none`;

/** The arguments of {@link METRICS_SCRIPT}. */
export function scriptArguments(token: string, all: readonly Target[]): string[] {
    const parts = [ETCD, ...all.map((target) => ({ name: target.name, socat: socat(target) }))];
    return [NODE_PATTERN, token, ...parts.flatMap((part) => [part.name, part.socat])];
}

/** Reads what {@link METRICS_SCRIPT} printed. Of several parts of one name the texts count together. */
export function parseNodeMetrics(text: string): Pick<MetricsLine, "etcd" | "controllers"> {
    const texts = new Map<string, string>();
    for (const [, name = "", body = ""] of text.matchAll(/^# (.+)\n((?:(?!# ).*\n)*)/gm)) {
        texts.set(name, (texts.get(name) ?? "") + body);
    }
    const controllers = [...texts].flatMap(([name, body]) => {
        const found = name === "etcd" ? undefined : controllerMetrics(body);
        return found === undefined ? [] : [[name, found] as const];
    });
    return { etcd: etcdMetrics(texts.get("etcd") ?? ""), controllers: Object.fromEntries(controllers) };
}

/** Asks etcd and the controllers, from within the node. @throws Error when the node does not answer */
export async function readNodeMetrics(
    node: NodeAccess,
    token: string,
    all: readonly Target[],
    signal: AbortSignal,
): Promise<Pick<MetricsLine, "etcd" | "controllers">> {
    const script = ["sh", "-c", METRICS_SCRIPT, "metrics", ...scriptArguments(token, all)];
    return parseNodeMetrics(await node.exec(script, signal));
}
