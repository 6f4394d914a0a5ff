import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { KubeConfig, VersionApi } from "@kubernetes/client-node";
import { parseKubeconfig } from "../../lib/kubernetes";
import { waitUntil } from "../../lib/wait-until";
import type { MachineState } from "../../plan/substrate/minikube-status";
import { UserError } from "../../plan/user-error";
import { minikubeEnvironment, minikubeKubeconfig, removeMachine, stateOfMachine } from "../../toolchain/minikube";
import { errorMessage, parseEvent, type MinikubeError } from "./events";
import { attachNic } from "./libvirt";
import { apiServerUrl, startArguments, type MachineSpec } from "./spec";

/** Longest `minikube start`, milliseconds. With a download of its images it takes 5 min on a slow line. */
const START_LIMIT_MS = 30 * 60_000;
/** Longest wait for the API at the provisioning address, milliseconds. */
const API_LIMIT_MS = 180_000;

/** minikube's machine of one lab. Nothing else of the user's minikube is read or changed. */
export class MinikubeMachine {
    constructor(
        private readonly spec: MachineSpec,
        private readonly say: (text: string) => void,
    ) {}

    private get env(): Record<string, string> {
        const { libvirt } = this.spec;
        return {
            ...minikubeEnvironment(this.spec.profile),
            ...(libvirt === undefined ? {} : { LIBVIRT_DEFAULT_URI: libvirt.uri }),
        };
    }

    /** Whether the machine runs. */
    state(): Promise<MachineState> {
        return stateOfMachine("minikube", this.spec.profile, this.env);
    }

    /** Makes or starts the machine, connects it to the provisioning network, and waits until its API answers there. */
    async start(): Promise<void> {
        await mkdir(dirname(minikubeKubeconfig(this.spec.profile)), { recursive: true, mode: 0o700 });
        await this.runStart();
        if (this.spec.libvirt !== undefined) {
            await attachNic(this.spec.profile, this.spec.libvirt);
        }
        await this.waitForApi();
    }

    private async runStart(): Promise<void> {
        const { execa } = await import("execa");
        const args = startArguments(this.spec, process.getuid?.() === 0);
        const child = execa("minikube", args, { env: this.env, reject: false, timeout: START_LIMIT_MS, all: true });
        const errors: MinikubeError[] = [];
        for await (const line of child.iterable()) {
            const event = parseEvent(line);
            if (event === undefined) {
                continue;
            }
            if ("error" in event) {
                errors.push(event.error);
            } else {
                this.say("step" in event ? event.step : `warning: ${event.warning}`);
            }
        }
        // Undefined where minikube could not be started at all.
        const { exitCode, timedOut, all } = (await child) as { exitCode?: number; timedOut: boolean; all?: string };
        if (timedOut) {
            throw new UserError(
                `minikube start was not done after ${START_LIMIT_MS / 60_000} min: minikube logs tells why`,
            );
        }
        if (exitCode !== 0) {
            throw new UserError(errorMessage(errors, (all ?? "").split("\n").slice(-5).join(" ")));
        }
    }

    private async waitForApi(): Promise<void> {
        const version = parseKubeconfig(await this.kubeconfig()).makeApiClient(VersionApi);
        await waitUntil({
            what: `the Kubernetes API of minikube's machine at ${apiServerUrl(this.spec)}`,
            timeoutMs: API_LIMIT_MS,
            look: async () => ({ done: await version.getCode() }),
            hint: `Look with: minikube status -p ${this.spec.profile}, minikube logs -p ${this.spec.profile}`,
        });
    }

    /** The kubeconfig of the cluster, with the API at the provisioning address. */
    async kubeconfig(): Promise<string> {
        return atAddress(await readFile(minikubeKubeconfig(this.spec.profile), "utf8"), this.spec);
    }

    /** Removes the machine and its profile; nothing else. */
    remove(): Promise<void> {
        return removeMachine("minikube", this.spec.profile, this.env);
    }
}

/**
 * minikube's kubeconfig with the address that never changes: the port that a container publishes on the loopback
 * interface is another after each start, and another address would replace Pulumi's provider and every object.
 */
export function atAddress(text: string, spec: Pick<MachineSpec, "address" | "profile">): string {
    const config = new KubeConfig();
    config.loadFromString(text);
    const cluster = config.getClusters().find(({ name }) => name === spec.profile);
    const user = config.getUsers().find(({ name }) => name === spec.profile);
    if (cluster?.caData === undefined || user?.certData === undefined || user.keyData === undefined) {
        throw new Error(`minikube's kubeconfig has no certificates for ${spec.profile}`);
    }
    return `${JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [
            {
                name: spec.profile,
                cluster: { server: apiServerUrl(spec), "certificate-authority-data": cluster.caData },
            },
        ],
        users: [
            {
                name: spec.profile,
                user: { "client-certificate-data": user.certData, "client-key-data": user.keyData },
            },
        ],
        contexts: [{ name: spec.profile, context: { cluster: spec.profile, user: spec.profile } }],
        "current-context": spec.profile,
    })}\n`;
}
