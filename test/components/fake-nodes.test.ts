import { expect } from "chai";
import { PAIR_PATHS } from "../../plan/manifests/pair-configuration";
import { CONTAINER, DEPLOYMENT, field, lab } from "./build-lab";

const IN_CLUSTER = { fakeNodes: "kubernetes" };
const SECRET = "kubernetes:core/v1:Secret";
const ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role";

describe("Pairs in the cluster", () => {
    it("are pods behind a Service each, and no containers on this machine", async () => {
        const recorder = await lab({ ...IN_CLUSTER, nodes: "4" });
        expect(recorder.of(CONTAINER).map(({ name }) => name)).to.deep.equal(["kubernetes-control-plane"]);
        const pairs = recorder.of(DEPLOYMENT).filter(({ name }) => name.startsWith("pair-"));
        expect(pairs.map(({ name }) => name).sort()).to.deep.equal(["pair-000-deployment", "pair-001-deployment"]);
        for (const name of ["pair-000", "pair-001"]) {
            const selector = field(recorder.named(`${name}-service`), "spec", "selector");
            const labels = field(recorder.named(`${name}-deployment`), "spec", "template", "metadata", "labels");
            expect(labels).to.deep.include(selector);
        }
    });

    it("have one pod at a time, since two would be two machines for each host", async () => {
        const spec = field((await lab(IN_CLUSTER)).named("pair-000-deployment"), "spec");
        expect(spec).to.deep.include({ replicas: 1, strategy: { type: "Recreate" } });
    });

    it("may change the Secret with their own state and nothing else, and Pulumi leaves its content alone", async () => {
        const recorder = await lab(IN_CLUSTER);
        const role = recorder.of(ROLE).find(({ name }) => name === "pair-000-role");
        expect(role && field(role, "rules")).to.deep.equal([
            { apiGroups: [""], resources: ["secrets"], resourceNames: ["pair-000-state"], verbs: ["get", "patch"] },
        ]);
        expect(recorder.of(SECRET).some(({ name }) => name === "pair-000-secret")).to.equal(true);
        expect(recorder.ignoredChanges.get("pair-000-secret")).to.include("data");
    });

    it("have the BMCs' password in a Secret, and nowhere else", async () => {
        const recorder = await lab(IN_CLUSTER);
        const credentials = recorder.named("pair-000-bmc");
        expect(credentials.type).to.equal(SECRET);
        expect(Object.keys(field(credentials, "stringData") as object)).to.deep.equal(["htpasswd", "password"]);
        const { password } = field(credentials, "stringData") as { password: string };
        expect(field(recorder.named("host-0000-bmc"), "stringData", "password")).to.equal(password);
        for (const name of ["pair-000-configmap", "pair-000-deployment"]) {
            expect(JSON.stringify(recorder.named(name).inputs)).to.not.include(password);
        }
    });

    it("start anew when their files change, which they read at their start alone", async () => {
        const digest = async (raw: Record<string, string>) => {
            const pod = field((await lab({ ...IN_CLUSTER, ...raw })).named("pair-000-deployment"), "spec", "template");
            return (pod as { metadata: { annotations: object } }).metadata.annotations;
        };
        expect(await digest({ fakeBootSeconds: "7" })).to.not.deep.equal(await digest({}));
        expect(await digest({ nodes: "4" })).to.deep.equal(await digest({}));
    });

    it("are needed by their hosts, which outlive no BMC", async () => {
        const { dependencies } = await lab({ ...IN_CLUSTER, nodes: "4" });
        expect(dependencies.get("host-0000")).to.include("pair-000-deployment").and.not.include("pair-001-deployment");
    });
});

describe("Pairs in containers", () => {
    it("have one side of the BMCs' password each", async () => {
        const recorder = await lab({});
        const files = (name: string) =>
            Object.fromEntries(
                (field(recorder.named(name), "uploads") as { file: string; content: string }[]).map(
                    ({ file, content }) => [file, content],
                ),
            );
        const { password } = field(recorder.named("host-0000-bmc"), "stringData") as { password: string };
        const [bmcs, agents] = [files("pair-000-sushy-tools"), files("pair-000-fake-ipa")];
        expect(agents[PAIR_PATHS.bmcPassword]).to.equal(password);
        expect(bmcs[PAIR_PATHS.bmcHtpasswd]).to.match(/^admin:\$2b\$04\$/);
        expect(JSON.stringify(bmcs)).to.not.include(password);
        expect(agents).to.not.have.property(PAIR_PATHS.bmcHtpasswd);
    });

    it("over TLS, have a certificate of their own for their address, and its key nowhere else", async () => {
        const recorder = await lab({ bmcProtocol: "https", nodes: "4" });
        const issued = recorder.named("pair-001-certificate");
        expect(JSON.parse(String(field(issued, "stdin")))).to.deep.equal({
            name: "pair-001",
            names: ["192.168.222.18", "127.0.0.1"],
            authority: { cert: "certificate of ca", key: "key of ca" },
        });
        const uploads = (name: string) =>
            (field(recorder.named(name), "uploads") as { file: string; content: string }[]).map(({ file, content }) => [
                file,
                content,
            ]);
        expect(uploads("pair-001-sushy-tools")).to.deep.include.members([
            [PAIR_PATHS.bmcCertificate, "certificate of server"],
            [PAIR_PATHS.bmcKey, "key of server"],
        ]);
        expect(JSON.stringify(uploads("pair-001-fake-ipa"))).to.not.include("key of server");
        expect((await lab({})).resources.map(({ name }) => name)).to.not.include("pair-000-certificate");
    });

    it("in the cluster and over TLS, have the certificate in their Secret", async () => {
        const recorder = await lab({ ...IN_CLUSTER, bmcProtocol: "https" });
        expect(field(recorder.named("pair-000-bmc"), "stringData")).to.include({
            "tls.crt": "certificate of server",
            "tls.key": "key of server",
        });
        expect(JSON.stringify(recorder.named("pair-000-configmap").inputs)).to.not.include("key of server");
    });
});
