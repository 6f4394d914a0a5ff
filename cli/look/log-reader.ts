import { CoreV1Api, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import Docker from "dockerode";
import { requestErrorText } from "../../lib/kubernetes";
import type { LogSource } from "./sources";

/** What a source has logged, each line with the time that the runtime has noted. */
export interface Log {
    /** Name of the source; with several pods, and the pod's. */
    source: string;
    text: string;
}

/** Reads logs from the management cluster and from Docker. */
export class LogReader {
    private readonly core: CoreV1Api;
    private readonly docker = new Docker();
    private readonly listed = new Map<string, Promise<V1Pod[]>>();

    constructor(config: KubeConfig) {
        this.core = config.makeApiClient(CoreV1Api);
    }

    /**
     * Reads all sources. One that is not reached leaves its log out.
     * @param sinceSeconds how far back. Default: all that is kept.
     * @param notes told what was left out, and why
     */
    async read(sources: readonly LogSource[], sinceSeconds: number | undefined, notes: string[]): Promise<Log[]> {
        const logs = sources.map(async (source) => {
            try {
                return source.kind === "pods"
                    ? await this.ofPods(source, sinceSeconds)
                    : [{ source: source.name, text: await this.ofContainer(source.container, sinceSeconds) }];
            } catch (error) {
                notes.push(`the log of ${source.name}: ${requestErrorText(error)}`);
                return [];
            }
        });
        return (await Promise.all(logs)).flat();
    }

    private pods(namespace: string): Promise<V1Pod[]> {
        const known =
            this.listed.get(namespace) ?? this.core.listNamespacedPod({ namespace }).then(({ items }) => items);
        this.listed.set(namespace, known);
        return known;
    }

    private async ofPods(
        { name, namespace, deployment, container }: LogSource & { kind: "pods" },
        sinceSeconds: number | undefined,
    ): Promise<Log[]> {
        // The name of a Deployment's pod is its own, a hash and five characters.
        const own = new RegExp(`^${deployment}-[a-z0-9]+-[a-z0-9]{5}$`);
        const found = (await this.pods(namespace)).filter(({ metadata }) => own.test(metadata?.name ?? ""));
        if (found.length === 0) {
            throw new Error(`there is no pod of ${deployment} in ${namespace}`);
        }
        const logs = found.map(async ({ metadata, status }) => {
            const pod = metadata?.name ?? "";
            const of = { name: pod, namespace, container, timestamps: true };
            const since = sinceSeconds === undefined ? {} : { sinceSeconds };
            const restarts = status?.containerStatuses?.find((each) => each.name === container)?.restartCount ?? 0;
            // What it said before it was started again is kept once, and may be gone.
            const before =
                restarts === 0
                    ? ""
                    : await this.core.readNamespacedPodLog({ ...of, ...since, previous: true }).catch(() => "");
            const now = await this.core.readNamespacedPodLog({ ...of, ...since });
            const text = before === "" ? now : `${before.trimEnd()}\n${now}`;
            return { source: found.length === 1 ? name : `${name} (${pod})`, text };
        });
        return Promise.all(logs);
    }

    private async ofContainer(name: string, sinceSeconds: number | undefined): Promise<string> {
        const since = sinceSeconds === undefined ? {} : { since: Math.floor(Date.now() / 1000) - sinceSeconds };
        const options = { stdout: true, stderr: true, timestamps: true, follow: false as const, ...since };
        return withoutFrames(await this.docker.getContainer(name).logs(options));
    }
}

/** Bytes before each piece of a container's output: its stream, three of no meaning, and its length. */
const FRAME = 8;

/** The text of a container's log, standard output and standard error in the order in which they were written. */
export function withoutFrames(log: Buffer): string {
    const pieces: Buffer[] = [];
    for (let at = 0; at + FRAME <= log.length;) {
        const end = at + FRAME + log.readUInt32BE(at + FRAME / 2);
        pieces.push(log.subarray(at + FRAME, end));
        at = end;
    }
    return Buffer.concat(pieces).toString();
}
