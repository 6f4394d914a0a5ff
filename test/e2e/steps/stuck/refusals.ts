import { NAMESPACE } from "../../harness";
import { kubectl } from "../lab";
import { addCluster, removeCluster, shell, type Mishap } from "./mishap";

/** A webhook that nobody answers, and a policy that refuses: both stand in the way of new Machines. */
export function refusals(): Mishap[] {
    const rule = {
        apiGroups: ["cluster.x-k8s.io"],
        apiVersions: ["*"],
        operations: ["CREATE"],
        resources: ["machines"],
    };
    const selector = { matchLabels: { "kubernetes.io/metadata.name": NAMESPACE } };
    const of = (name: string, kinds: string, objects: object[], words: RegExp, next: RegExp): Mishap => ({
        name,
        async make() {
            for (const object of objects) {
                await shell(`kubectl apply -f - <<'END'\n${JSON.stringify(object)}\nEND`);
            }
            await addCluster();
        },
        async undo() {
            await kubectl("delete", kinds, "stuck.metal3-scale-lab.test", "--ignore-not-found");
            await removeCluster();
        },
        says: () => new RegExp(`^Cluster cluster-0002: KubeadmControlPlane \\S+: .*${words.source}`),
        next: () => next,
    });
    const metadata = { name: "stuck.metal3-scale-lab.test" };
    const registration = "admissionregistration.k8s.io/v1";
    return [
        of(
            "a webhook that does not answer",
            "validatingwebhookconfiguration",
            [
                {
                    apiVersion: registration,
                    kind: "ValidatingWebhookConfiguration",
                    metadata,
                    webhooks: [
                        {
                            name: metadata.name,
                            clientConfig: { service: { name: "nobody", namespace: NAMESPACE } },
                            rules: [rule],
                            namespaceSelector: selector,
                            failurePolicy: "Fail",
                            sideEffects: "None",
                            admissionReviewVersions: ["v1"],
                        },
                    ],
                },
            ],
            /failed calling webhook "stuck\.metal3-scale-lab\.test".*nobody\.metal3\.svc/,
            /^kubectl -n metal3 get deployments,pods$/,
        ),
        of(
            "a policy that refuses",
            "validatingadmissionpolicybinding,validatingadmissionpolicy",
            [
                {
                    apiVersion: registration,
                    kind: "ValidatingAdmissionPolicy",
                    metadata,
                    spec: {
                        failurePolicy: "Fail",
                        matchConstraints: { resourceRules: [rule], namespaceSelector: selector },
                        validations: [{ expression: "false", message: "not today" }],
                    },
                },
                {
                    apiVersion: registration,
                    kind: "ValidatingAdmissionPolicyBinding",
                    metadata,
                    spec: { policyName: metadata.name, validationActions: ["Deny"] },
                },
            ],
            /ValidatingAdmissionPolicy 'stuck\.metal3-scale-lab\.test'.* denied request: not today/,
            /^kubectl describe validatingadmissionpolicy stuck\.metal3-scale-lab\.test$/,
        ),
    ];
}
