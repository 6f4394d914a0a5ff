import { createHash } from "node:crypto";
import type { Manifest } from "../documents";

/** The one folder that a container may write to, beside volumes of its own. */
export const TMP = "/tmp";

interface ContainerOptions {
    name: string;
    image: string;
    command: string[];
    args?: string[];
    env?: object[];
    ports?: object[];
    requests: { cpu: string; memory: string };
    /** Memory beyond which it is ended. There is no limit of CPU: the request is its share on a busy machine. */
    memoryLimit: string;
    /** How it is asked whether it works; its Deployment is ready then. */
    probe: object;
    /** User, where it is not the pod's. */
    user?: number;
    volumeMounts?: object[];
}

/** A container without privileges. */
export function container(options: ContainerOptions): object {
    const { name, image, command, args, env, ports, requests, memoryLimit, probe, user, volumeMounts = [] } = options;
    return {
        name,
        image,
        imagePullPolicy: "IfNotPresent",
        command,
        ...(args && { args }),
        ...(env && { env }),
        ...(ports && { ports }),
        securityContext: {
            ...(user === undefined ? {} : { runAsUser: user, runAsGroup: user }),
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
        },
        startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 120 },
        livenessProbe: { ...probe, periodSeconds: 60, timeoutSeconds: 20 },
        resources: { requests, limits: { memory: memoryLimit } },
        volumeMounts: [...volumeMounts, { name: "tmp", mountPath: TMP }],
    };
}

interface PodOptions {
    name: string;
    namespace: string;
    user: number;
    /** The files that it reads when it starts: others need another pod. */
    files: Readonly<Record<string, string>>;
    /** What its specification has besides. */
    spec: { volumes: object[]; [field: string]: unknown };
}

/** A Deployment of one pod that is not root. The old one ends before a new one starts: both would have one address. */
export function pod({ name, namespace, user, files, spec }: PodOptions): Manifest {
    const labels = podLabels(name);
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace, labels },
        spec: {
            replicas: 1,
            strategy: { type: "Recreate" },
            selector: { matchLabels: labels },
            template: {
                metadata: { labels, annotations: { "metal3-scale-lab/files": digest(files) } },
                spec: {
                    enableServiceLinks: false,
                    terminationGracePeriodSeconds: 10,
                    securityContext: {
                        runAsNonRoot: true,
                        runAsUser: user,
                        runAsGroup: user,
                        fsGroup: user,
                        seccompProfile: { type: "RuntimeDefault" },
                    },
                    ...spec,
                    volumes: [...spec.volumes, { name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
                },
            },
        },
    };
}

/** Labels of the pods of such a Deployment. */
export const podLabels = (name: string): Record<string, string> => ({ "app.kubernetes.io/name": name });

const digest = (files: object): string => createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
