import type { Manifest } from "../../plan/manifests/documents";

/** The Deployment `ctl` of the namespace `sys`: its container `manager` has these arguments and variables. */
export const deployment = (args: string[], env?: object[]): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "ctl", namespace: "sys" },
    spec: {
        replicas: 1,
        template: {
            spec: {
                containers: [
                    { name: "proxy", image: "other:1", args: ["--kept"] },
                    { name: "manager", image: "up:main", imagePullPolicy: "Always", args, ...(env ? { env } : {}) },
                ],
                volumes: [{ name: "cert", secret: { secretName: "ctl-cert" } }],
            },
        },
    },
});

/** Ask cert-manager to put the CA of the Certificate into an object. */
export const annotations = { "cert-manager.io/inject-ca-from": "sys/ctl-serving", other: "stays" };

/** The certificate of the webhooks of `ctl`, which its Deployment mounts as `ctl-cert`. */
export const certificate: Manifest = {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: "ctl-serving", namespace: "sys", labels: { provider: "x" } },
    spec: { dnsNames: ["ctl.sys.svc", "ctl.sys.svc.cluster.local"], secretName: "ctl-cert" },
};

export const issuer: Manifest = {
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: { name: "i", namespace: "sys" },
};

/** Webhooks that `ctl` serves for the resource `things`. */
export const webhooks: Manifest = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "w", annotations },
    webhooks: [
        {
            name: "one",
            clientConfig: { service: { name: "ctl" } },
            rules: [{ apiGroups: ["g.io"], apiVersions: ["v2"], operations: ["UPDATE"], resources: ["things"] }],
        },
        {
            name: "two",
            clientConfig: {},
            rules: [{ apiGroups: ["g.io"], apiVersions: ["v2"], operations: ["CREATE"], resources: ["things"] }],
        },
    ],
};

/** The definition of the resource `things`, with or without a conversion between its versions. */
export const definition = (conversion?: object): Manifest => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.g.io", annotations },
    spec: {
        group: "g.io",
        scope: "Namespaced",
        names: { kind: "Thing", plural: "things" },
        ...(conversion ? { conversion } : {}),
    },
});

/** The definition of `things`, whose versions a webhook of `ctl` converts. */
export const converting = definition({
    strategy: "Webhook",
    webhook: { clientConfig: { service: { name: "ctl" } }, conversionReviewVersions: ["v1"] },
});

/** All objects of the controller `ctl`. */
export const everything = [deployment([]), certificate, issuer, webhooks, converting];
