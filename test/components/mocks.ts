import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../../plan/manifests/documents";

/** Who makes the labs of the tests. */
export const OWNER = { id: "7f0e", state: "file:///state", checkout: "/checkout", user: "user@machine" };

/** A resource as the program registered it. */
export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
}

/** What is asked of Pulumi's engine, as far as the tests look at it. */
interface Monitor {
    registerResource(
        request: {
            getName(): string;
            getDependenciesList(): string[];
            getDeletedwith(): string;
            getIgnorechangesList(): string[];
        },
        ...rest: unknown[]
    ): unknown;
}

/** Records every resource; answers no invoke but those named. */
export class Recorder {
    readonly resources: Registered[] = [];
    /** Last part of the URN of all that a resource depends on, in alphabetical order, by its name. */
    readonly dependencies = new Map<string, string[]>();
    /** Name of the resource with which another one goes, by the name of that. Empty where it goes by itself. */
    readonly deletedWith = new Map<string, string>();
    /** The properties whose changes the program ignores, by the resource's name. */
    readonly ignoredChanges = new Map<string, string[]>();

    constructor(
        private readonly invokes: Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>> = {},
    ) {}

    /** @param preview whether the program runs as in a preview, in which it looks at nothing and waits for nothing */
    async start(project = "metal3-scale-lab", stack = "test", preview = false): Promise<void> {
        await pulumi.runtime.setMocks(
            {
                newResource: ({ type, name, inputs }) => {
                    this.resources.push({ type, name, inputs: inputs as Record<string, unknown> });
                    return {
                        id: `${name}-id`,
                        state: { ...(inputs as object), ...outputs(type, inputs as Record<string, unknown>) },
                    };
                },
                call: ({ token, inputs }) => {
                    const answer = this.invokes[token];
                    if (!answer) {
                        throw new Error(`nobody expected the invoke ${token}`);
                    }
                    return answer(inputs as Record<string, unknown>);
                },
            },
            project,
            stack,
            preview,
        );
        this.watchDependencies(pulumi.runtime.getMonitor() as Monitor);
    }

    /** Mocks are not told of dependencies: the requests are looked at on their way. */
    private watchDependencies(monitor: Monitor): void {
        const register = monitor.registerResource.bind(monitor);
        monitor.registerResource = (request, ...rest) => {
            const names = request.getDependenciesList().map((urn) => urn.slice(urn.lastIndexOf("::") + 2));
            this.dependencies.set(request.getName(), names.sort());
            this.ignoredChanges.set(request.getName(), request.getIgnorechangesList());
            const owner = request.getDeletedwith();
            this.deletedWith.set(request.getName(), owner.slice(owner.lastIndexOf("::") + 1).replace(":", ""));
            return register(request, ...rest);
        };
    }

    of(type: string): Registered[] {
        return this.resources.filter((resource) => resource.type === type);
    }

    named(name: string): Registered {
        const found = this.resources.filter((resource) => resource.name === name);
        if (found.length !== 1) {
            const names = this.resources.map((each) => each.name).join(", ");
            throw new Error(`${found.length} resources are named ${name}; there are: ${names}`);
        }
        return found[0] as Registered;
    }
}

function outputs(type: string, inputs: Record<string, unknown>): Record<string, unknown> {
    if (type === "random:index/randomPassword:RandomPassword") {
        return { result: `password-of-${Number(inputs["length"])}-characters` };
    }
    if (type === "command:local:Command" && String(inputs["create"]).endsWith("tasks/node-certificates.ts")) {
        return { stdout: JSON.stringify({ client: pair("worker"), server: pair("worker server") }) };
    }
    if (type === "command:local:Command" && String(inputs["create"]).endsWith("tasks/server-certificate.ts")) {
        return { stdout: JSON.stringify(pair("server")) };
    }
    if (type === "command:local:Command") {
        return { stdout: JSON.stringify(fakePki()) };
    }
    return {};
}

const pair = (name: string) => ({ cert: `certificate of ${name}`, key: `key of ${name}` });

/** What tasks/pki.ts would answer for the stack `test`. */
function fakePki(): object {
    return {
        ca: pair("ca"),
        servers: { ironic: pair("ironic"), "baremetal-operator-webhook": pair("bmo") },
        kubernetes: {
            clusterCa: pair("cluster ca"),
            apiServer: pair("apiserver"),
            apiServerKubeletClient: pair("kubelet client"),
            admin: pair("admin"),
            controllerManager: pair("controller manager"),
            scheduler: pair("scheduler"),
            kubeProxy: pair("kube-proxy"),
            kubelets: { "m3lab-test-control-plane": { client: pair("kubelet"), server: pair("kubelet server") } },
            frontProxyCa: pair("front proxy ca"),
            frontProxyClient: pair("front proxy client"),
            serviceAccount: { publicKey: "public", privateKey: "private" },
        },
    };
}

/** A small operator: what plan/manifests/bmo.ts looks for, and nothing else. */
export const operatorManifests: Manifest[] = [
    {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "baremetalhosts.metal3.io" },
        spec: {},
    },
    {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "baremetal-operator-controller-manager", namespace: "baremetal-operator-system" },
        spec: {
            template: {
                spec: {
                    serviceAccountName: "operator",
                    containers: [
                        {
                            name: "manager",
                            image: "upstream",
                            args: ["--x"],
                            envFrom: [{ configMapRef: { name: "ironic" } }],
                            volumeMounts: [{ name: "cert", mountPath: "/certs" }],
                        },
                    ],
                    volumes: [{ name: "cert", secret: { secretName: "webhook-cert" } }],
                },
            },
        },
    },
    {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: "hosts" },
        webhooks: [{ name: "baremetalhost.metal3.io", rules: [{ resources: ["baremetalhosts"] }] }],
    },
    {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name: "serving-cert", namespace: "baremetal-operator-system" },
        spec: { secretName: "webhook-cert", dnsNames: ["webhook.svc"] },
    },
];

const ironicDeployment = (component: string, name: string): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "metal3", labels: { "app.kubernetes.io/component": component } },
    spec: {},
});

/** What Helm would render of charts/ironic, in short, and in its order. */
export const ironicChart = (conductors: number): Manifest[] => [
    { apiVersion: "v1", kind: "Service", metadata: { name: "ironic", namespace: "metal3" }, spec: {} },
    ...Array.from({ length: conductors }, (_, index) => `ironic-conductor-${index}`)
        .sort()
        .map((name) => ironicDeployment("conductor", name)),
    ironicDeployment("image-server", "ironic-image-server"),
];
