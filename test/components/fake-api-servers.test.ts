import { expect } from "chai";
import { policyRules } from "../../components/fake-api-servers-access";
import { NODE_ADDRESS_CLASS } from "../../plan/manifests/cluster-objects";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import rules from "../../services/fkas/internal/access/rules.json";
import { DEPLOYMENT, lab } from "./build-lab";
import type { Recorder, Registered } from "./mocks";

const SERVICE = "kubernetes:core/v1:Service";

/** The resources of a type that belong to the fake API servers, in alphabetical order of their names. */
const ofFkas = (recorder: Recorder, type: string): Registered[] =>
    recorder
        .of(type)
        .filter(({ name }) => name.startsWith("fkas-"))
        .sort((one, other) => one.name.localeCompare(other.name));

interface Rule {
    apiGroups: string[];
    resources: string[];
    verbs: string[];
}

/** The requests that a role grants, as "verb group/resource". */
function requests(recorder: Recorder, role: string): string[] {
    return (recorder.named(role).inputs as { rules: Rule[] }).rules
        .flatMap(({ apiGroups, resources, verbs }) =>
            apiGroups.flatMap((group) =>
                resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
            ),
        )
        .sort();
}

/** The requests that FKAS declares for a scope, with the conditions that hold. Two rules may declare the same one. */
function declared(scope: string, holding: string[]): string[] {
    const requested = rules
        .filter((rule) => rule.scope === scope && (rule.only === undefined || holding.includes(rule.only)))
        .flatMap(({ apiGroup, resource, verbs }) => verbs.map((verb) => `${verb} ${apiGroup}/${resource}`));
    return [...new Set(requested)].sort();
}

describe("The fake API servers", () => {
    const always = ["--orphan-grace > 0", "--assign-hosts=true", "--service-address"];
    for (const [tuning, holding] of Object.entries({
        lab: [...always, "--hosts-at-once > 0", "--precreate-secrets=true"],
        published: [...always, "--precreate-secrets=false"],
    })) {
        it(`have the rights that FKAS declares and no others with tuning ${tuning}`, async () => {
            const recorder = await lab({ nodes: "0", clusters: "0", tuning });
            expect(requests(recorder, "fkas-role")).to.deep.equal(declared("cluster", holding));
            expect(requests(recorder, "fkas-registrations-role")).to.deep.equal(declared("registrations", holding));
        });
    }

    it("can read Secrets everywhere by name only, unless Cluster API creates them", async () => {
        const secrets = (tuning: string) =>
            lab({ nodes: "0", clusters: "0", tuning }).then((recorder) =>
                requests(recorder, "fkas-role").filter((request) => request.endsWith("/secrets")),
            );
        expect(await secrets("lab")).to.deep.equal(["create /secrets", "get /secrets"]);
        expect(await secrets("published")).to.deep.equal(["get /secrets", "list /secrets", "watch /secrets"]);
    });

    it("have rights to ConfigMaps in the lab's namespace only", async () => {
        const recorder = await lab({ nodes: "0", clusters: "0" });
        expect(requests(recorder, "fkas-role").filter((request) => request.includes("configmaps"))).to.deep.equal([]);
        const metadata = (name: string) => recorder.named(name).inputs["metadata"] as { namespace?: string };
        expect(metadata("fkas-registrations-role").namespace).to.equal("metal3");
        expect(metadata("fkas-registrations-binding").namespace).to.equal("metal3");
        const subjects = [{ kind: "ServiceAccount", name: "fkas", namespace: "metal3" }];
        for (const [name, kind, role] of [
            ["fkas-binding", "ClusterRole", "metal3-scale-lab-fkas"],
            ["fkas-registrations-binding", "Role", "fkas"],
        ] as const) {
            expect(recorder.named(name).inputs).to.deep.include({
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: role },
                subjects,
            });
            expect(recorder.dependencies.get("fkas-0")).to.include(name);
        }
    });

    it("refuse a condition in FKAS's rules that the lab does not know", () => {
        const [first] = rules;
        const flags = { precreateSecrets: true, releasesHosts: true, publishesAddress: true };
        const before = first?.only;
        try {
            Object.assign(first as object, { only: "--new-flag" });
            expect(() => policyRules("cluster", flags)).to.throw('rules.json: "--new-flag" is not a condition');
        } finally {
            Object.assign(first as object, { only: before });
        }
    });

    it("run one Pod each, which is stopped before its successor starts", async () => {
        const recorder = await lab({ nodes: "4", clusters: "4", fakeApiServers: "2" });
        const deployments = ofFkas(recorder, DEPLOYMENT);
        expect(deployments.map(({ name }) => name)).to.deep.equal(["fkas-0", "fkas-1"]);
        for (const { name, inputs } of deployments) {
            const labels = { "app.kubernetes.io/name": "fkas", "app.kubernetes.io/instance": name };
            const spec = inputs["spec"] as {
                replicas: number;
                strategy: object;
                selector: object;
                template: { metadata: { labels: object }; spec: { serviceAccountName: string } };
            };
            expect(spec.replicas).to.equal(1);
            expect(spec.strategy).to.deep.equal({ type: "Recreate" });
            expect(spec.selector).to.deep.equal({ matchLabels: labels });
            expect(spec.template.metadata.labels).to.deep.equal(labels);
            expect(spec.template.spec.serviceAccountName).to.equal("fkas");
        }
    });

    it("are told what their place in the lab is", async () => {
        const env = async (raw: Record<string, string>) => {
            const recorder = await lab({ nodes: "4", clusters: "2", fakeApiServers: "2", ...raw });
            return ["fkas-0", "fkas-1"].map((name) => {
                const { containers } = (
                    recorder.named(name).inputs["spec"] as {
                        template: { spec: { containers: { env: { name: string; value?: string }[] }[] } };
                    }
                ).template.spec;
                return Object.fromEntries(
                    (containers[0]?.env ?? [])
                        .filter((variable) => variable.name.startsWith("FKAS_"))
                        .map((variable) => [variable.name, variable.value]),
                );
            });
        };
        const everywhere = {
            FKAS_SERVICE_ADDRESS: "192.168.222.2",
            FKAS_FAKE_IPA_PORT: "9999",
            FKAS_FAKE_IPA_OFFSET: "1",
        };
        expect(await env({ hostsAtOnce: "3" })).to.deep.equal([
            {
                FKAS_INDEX: "0",
                FKAS_HOSTS_AT_ONCE: "3",
                FKAS_ROLLOUTS_AT_ONCE: "3",
                FKAS_ASSIGN_HOSTS: "true",
                ...everywhere,
            },
            { FKAS_INDEX: "1", ...everywhere },
        ]);
        expect((await env({ fakeNodes: "kubernetes" }))[0]).to.include({ FKAS_FAKE_IPA_OFFSET: "0" });
        expect((await env({}))[0]).to.include({ FKAS_HOSTS_AT_ONCE: "auto", FKAS_ROLLOUTS_AT_ONCE: "auto" });
        expect((await env({ rolloutsAtOnce: "2" }))[0]).to.include({
            FKAS_HOSTS_AT_ONCE: "auto",
            FKAS_ROLLOUTS_AT_ONCE: "2",
        });
        expect(await env({ tuning: "published" })).to.deep.equal([
            { FKAS_INDEX: "0", FKAS_ASSIGN_HOSTS: "true", FKAS_PRECREATE_SECRETS: "false", ...everywhere },
            { FKAS_INDEX: "1", FKAS_PRECREATE_SECRETS: "false", ...everywhere },
        ]);
    });

    it("are reached at the lab's address as long as they are alive, and not on a node that is lost", async () => {
        const recorder = await lab({ nodes: "4", clusters: "4", fakeApiServers: "2" });
        const services = ofFkas(recorder, SERVICE);
        expect(services.map(({ name }) => name)).to.deep.equal(["fkas-0-0", "fkas-1-0"]);
        for (const { name, inputs } of services) {
            // It would publish the pod of a node that is lost until somebody deletes the node.
            expect(inputs["spec"], name).to.not.have.property("publishNotReadyAddresses");
            expect(inputs["spec"], name).to.deep.include({
                type: "LoadBalancer",
                loadBalancerClass: NODE_ADDRESS_CLASS,
                allocateLoadBalancerNodePorts: false,
                selector: { "app.kubernetes.io/name": "fkas", "app.kubernetes.io/instance": name.slice(0, -2) },
            });
        }
        expect(requests(recorder, "fkas-registrations-role")).to.include("patch /services/status");
    });

    it("open the port of each cluster in the Service of the server that serves it", async () => {
        const recorder = await lab({ nodes: "120", clusters: "120", fakeApiServers: "3" });
        const open = new Map<number, string>();
        for (const { name, inputs } of ofFkas(recorder, SERVICE)) {
            const { labels } = inputs["metadata"] as { labels: object };
            expect(labels).to.deep.equal({ "metal3-scale-lab/fake-api-server": name.split("-")[1] });
            for (const each of (inputs["spec"] as { ports: { name: string; port: number; targetPort: number }[] })
                .ports) {
                expect(each).to.deep.equal({ name: `cluster-${each.port}`, port: each.port, targetPort: each.port });
                expect(open.has(each.port), String(each.port)).to.equal(false);
                open.set(each.port, name);
            }
        }
        // Blocks of 50 ports, used or not.
        expect(open.size).to.equal(150);
        for (const { index, port, fakeApiServer } of plan(
            validate({ nodes: "120", clusters: "120", fakeApiServers: "3" }),
            "test",
        ).clusters) {
            expect(open.get(port)).to.equal(`fkas-${fakeApiServer}-${Math.floor(index / 50)}`);
        }
    });
});
