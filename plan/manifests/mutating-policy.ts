import type { Manifest } from "./documents";

/**
 * The server works with v1beta1, of which Pulumi's provider says wrongly, and at every `up`, that it was removed in
 * Kubernetes 1.22.
 */
const API = "admissionregistration.k8s.io/v1alpha1";

/** What a policy of kube-apiserver's changes in which requests. */
export interface MutatingPolicy {
    name: string;
    /** The requests that are looked at: `matchConstraints` of a MutatingAdmissionPolicy. */
    matchConstraints: object;
    /** Has to hold for a request that is changed. */
    condition: { name: string; expression: string };
    /** CEL expression of the JSON patch. */
    jsonPatch: string;
}

/** A policy, and the binding without which it does nothing. Where it fails, a request is let through as it is. */
export const mutatingPolicy = (policy: MutatingPolicy): Manifest[] => [
    {
        apiVersion: API,
        kind: "MutatingAdmissionPolicy",
        metadata: { name: policy.name },
        spec: {
            matchConstraints: policy.matchConstraints,
            matchConditions: [policy.condition],
            failurePolicy: "Ignore",
            reinvocationPolicy: "Never",
            mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: policy.jsonPatch } }],
        },
    },
    {
        apiVersion: API,
        kind: "MutatingAdmissionPolicyBinding",
        metadata: { name: policy.name },
        spec: { policyName: policy.name },
    },
];
