import type { LabConfig } from "../../config/keys";
import type { OwnCluster } from "../../substrate/base";
import type { Manifest } from "../documents";
import { podPullSecrets } from "../pull-secrets";
import { container, pod, TMP } from "./pods";
import { ETCD_METRICS_PORT } from "./scrape";

/** Name of the Deployment that hands out etcd's metrics. */
export const ETCD_METRICS = "etcd-metrics";

/** User of nginx in the image. */
const USER = 101;

/** nginx hands out the one path: who reaches etcd itself can write to it. */
const nginxConfiguration = (address: string, port: number): string => `pid ${TMP}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path ${TMP}/client;
    proxy_temp_path ${TMP}/proxy;
    fastcgi_temp_path ${TMP}/fastcgi;
    uwsgi_temp_path ${TMP}/uwsgi;
    scgi_temp_path ${TMP}/scgi;
    server {
        listen ${address}:${ETCD_METRICS_PORT};
        location = /metrics {
            limit_except GET { deny all; }
            proxy_pass http://127.0.0.1:${port};
        }
        location / { return 404; }
    }
}
`;

/** A pod in the network of the control plane's node, and the configuration of its nginx. */
export function etcdObjects(namespace: string, image: string, own: OwnCluster, config: LabConfig): Manifest[] {
    const [node] = own.nodes;
    if (node === undefined) {
        throw new Error("a cluster of the lab's own has no node");
    }
    const files = { "nginx.conf": nginxConfiguration(node.address, own.etcdMetricsPort) };
    return [
        {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: ETCD_METRICS, namespace },
            data: files,
        },
        pod({
            name: ETCD_METRICS,
            namespace,
            user: USER,
            files,
            spec: {
                hostNetwork: true,
                nodeSelector: { "kubernetes.io/hostname": node.name },
                automountServiceAccountToken: false,
                ...podPullSecrets(config),
                containers: [
                    container({
                        name: "nginx",
                        image,
                        command: ["nginx", "-c", "/etc/etcd-metrics/nginx.conf", "-g", "daemon off;"],
                        requests: { cpu: "5m", memory: "16Mi" },
                        memoryLimit: "64Mi",
                        probe: { tcpSocket: { host: node.address, port: ETCD_METRICS_PORT } },
                        volumeMounts: [{ name: "files", mountPath: "/etc/etcd-metrics", readOnly: true }],
                    }),
                ],
                volumes: [{ name: "files", configMap: { name: ETCD_METRICS } }],
            },
        }),
    ];
}
