import { expect } from "chai";
import { parse } from "yaml";
import { DASHBOARDS } from "../../cli/dashboards/dashboards";
import { grafanaDashboard } from "../../cli/dashboards/grafana";
import { observabilityFiles } from "../../components/observability";
import type { Manifest } from "../../plan/manifests/documents";
import { observabilityObjects } from "../../plan/manifests/observability/prometheus";
import { prometheusConfiguration } from "../../plan/manifests/observability/scrape";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";
import { imagesThatRunAs } from "../../toolchain/images/recipes";
import { builtReference } from "../../toolchain/images/reference";
import { dashboardExpressions, metricsIn, recordedMetrics, ruleExpressions } from "../promql";

const EXISTING = { substrate: "existing", namespace: "lab" };

/** The objects of a lab with Prometheus. */
function objects(raw: Record<string, string> = {}): Manifest[] {
    const config = validate({ ...raw, observability: "true" });
    return observabilityObjects(plan(config, "test"), Images.of(config), config, observabilityFiles());
}

const find = (all: Manifest[], kind: string, name: string): Manifest => {
    const found = all.filter((each) => each.kind === kind && each.metadata.name === name);
    expect(found, `${kind} ${name}`).to.have.length(1);
    return found[0] as Manifest;
};

/** What Prometheus of a lab is told. */
const configuration = (raw: Record<string, string> = {}) =>
    parse((find(objects(raw), "ConfigMap", "prometheus")["data"] as Record<string, string>)["prometheus.yml"] ?? "");
const jobs = (raw: Record<string, string> = {}): string[] =>
    configuration(raw).scrape_configs.map(({ job_name }: { job_name: string }) => job_name);

describe("The names of metrics in an expression", () => {
    it("are found beside functions, labels, ranges and words of PromQL", () => {
        expect(metricsIn('histogram_quantile(0.99, sum by (le, part) (rate(a_bucket{x="b(c)", y!~"d"}[5m])))')).to.eql([
            "a_bucket",
        ]);
        expect(metricsIn("(sum(lab:x:rate5m) or vector(0)) / on (part) group_left (c) max(b) > 1e3")).to.eql([
            "lab:x:rate5m",
            "b",
        ]);
        expect(metricsIn("max_over_time(a[1h:5m]) - 2^30 and up == 0 unless inf > NaN")).to.eql(["a", "up"]);
    });
});

describe("Rules and dashboards", () => {
    const recorded = Object.values(recordedMetrics()).flat();
    const made = ruleExpressions().flatMap(({ record }) => record ?? []);
    const read = [...ruleExpressions(), ...dashboardExpressions()];

    it("read only metrics that there are: recorded ones, those of our rules, and Prometheus' own", () => {
        const known = new Set([...recorded, ...made, "up", "ALERTS"]);
        const unknown = read.flatMap(({ place, expr }) =>
            metricsIn(expr).flatMap((name) => (known.has(name) ? [] : [`${place}: ${name}`])),
        );
        expect(unknown).to.deep.equal([]);
        expect(read).to.have.length.above(50);
    });

    it("read every metric that is recorded, and every series that our rules make", () => {
        const all = new Set(read.flatMap(({ expr }) => metricsIn(expr)));
        expect([...recorded, ...made].filter((name) => !all.has(name))).to.deep.equal([]);
    });

    it("are dashboards of Grafana's form: each panel of its own, asking the Prometheus that is chosen", () => {
        for (const dashboard of DASHBOARDS) {
            const { uid, templating, panels } = JSON.parse(grafanaDashboard(dashboard));
            expect(uid).to.equal(`metal3-scale-lab-${dashboard.name}`);
            expect(templating.list[0]).to.include({ name: "datasource", type: "datasource", query: "prometheus" });
            expect(panels).to.have.length(dashboard.panels.length);
            const places = panels.map(
                ({ id, gridPos: { x, y } }: { id: number; gridPos: { x: number; y: number } }) => [id, `${x},${y}`],
            );
            expect(new Set(places.flat()).size, dashboard.name).to.equal(2 * panels.length);
            for (const { datasource, targets } of panels) {
                expect(datasource.uid).to.equal("${datasource}");
                expect(targets.map(({ refId }: { refId: string }) => refId)).to.eql(
                    ["A", "B", "C", "D"].slice(0, targets.length),
                );
            }
        }
    });
});

describe("Prometheus of a lab", () => {
    it("asks every part, and keeps of each job the metrics that are recorded for it", () => {
        expect(jobs()).to.have.members(Object.keys(recordedMetrics()));
        for (const { job_name, metric_relabel_configs } of configuration().scrape_configs) {
            const [{ action, regex }] = metric_relabel_configs;
            expect([action, regex], job_name).to.eql(["keep", recordedMetrics()[job_name]?.join("|")]);
        }
    });

    it("asks nothing that is everybody's in a cluster that is there, and has no right to", () => {
        const without = ["kube-apiserver", "kubelet", "cadvisor", "etcd"];
        expect(jobs(EXISTING)).to.have.members(Object.keys(recordedMetrics()).filter((job) => !without.includes(job)));
        const role = (raw: Record<string, string>) => find(objects(raw), "ClusterRole", "metal3-scale-lab-prometheus");
        expect(role(EXISTING)["rules"]).to.eql([{ nonResourceURLs: ["/metrics"], verbs: ["get"] }]);
        expect(JSON.stringify(role({})["rules"])).to.include("nodes/metrics");
        expect(objects(EXISTING).filter(({ metadata }) => metadata.name === "etcd-metrics")).to.eql([]);
    });

    it("asks each controller by a name of its own, in the namespace where it is", () => {
        const all = objects(EXISTING);
        const [{ static_configs }] = configuration(EXISTING).scrape_configs.filter(
            ({ job_name }: { job_name: string }) => job_name === "controllers",
        );
        for (const { targets, labels } of static_configs) {
            const { namespace } = find(all, "Service", `${labels.part}-metrics`).metadata;
            expect(targets).to.eql([`${labels.part}-metrics.${namespace}.svc:8443`]);
        }
        expect(static_configs).to.have.length(6);
        const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
        expect(new Set(names).size).to.equal(names.length);
    });

    it("finds etcd at the loopback address of the control plane's node, where the substrate has it", () => {
        const asked = (raw: Record<string, string>) => {
            const { data } = find(objects(raw), "ConfigMap", "etcd-metrics") as unknown as { data: object };
            return Object.values(data)[0];
        };
        expect(asked({})).to.include("listen 192.168.222.2:2382;").and.include("proxy_pass http://127.0.0.1:2379;");
        expect(asked({ substrate: "minikube" })).to.include("proxy_pass http://127.0.0.1:2381;");
    });

    it("asks each pair, each FKAS and each node where it is, and is not restarted for further ones", () => {
        const targets = (raw: Record<string, string>) => {
            const { data } = find(objects(raw), "ConfigMap", "prometheus-targets") as unknown as { data: object };
            const files = Object.entries(data).map(([name, text]) => [name, JSON.parse(text)]);
            return Object.fromEntries(files) as Record<string, { targets: string[]; labels: object }[]>;
        };
        const small = { nodes: "2", clusters: "2", fakeApiServers: "2", embeddedWorkers: "1" };
        expect(targets(small)).to.eql({
            "fake-ipa.json": [{ targets: ["192.168.222.17:9999"], labels: { part: "pair-000" } }],
            "fkas.json": ["fkas-0", "fkas-1"].map((part) => ({
                targets: [`${part}-metrics.metal3.svc:8080`],
                labels: { part },
            })),
            "kubelet.json": [
                { targets: ["192.168.222.2:10250"], labels: { part: "kubelet", node: "m3lab-test-control-plane" } },
                { targets: ["192.168.222.3:10250"], labels: { part: "kubelet", node: "m3lab-test-worker-1" } },
            ],
        });
        expect(targets(EXISTING)["fake-ipa.json"]?.[0]?.targets).to.eql(["pair-000.lab.svc:9999"]);
        expect(targets(EXISTING)).to.not.have.property("kubelet.json");
        const pod = (raw: Record<string, string>) => find(objects(raw), "Deployment", "prometheus");
        expect(pod(small)).to.eql(pod({}));
    });

    it("is restarted by other rules", () => {
        const config = validate({ observability: "true" });
        const files = { ...observabilityFiles(), rules: { "other.rules.yaml": "groups: []" } };
        const other = observabilityObjects(plan(config, "test"), Images.of(config), config, files);
        expect(find(other, "Deployment", "prometheus")).to.not.eql(find(objects(), "Deployment", "prometheus"));
    });

    it("runs without privileges, within limits, and keeps its data no longer than it lives", () => {
        for (const name of ["prometheus", "etcd-metrics"]) {
            const { template } = find(objects(), "Deployment", name)["spec"] as { template: { spec: Pod } };
            expect(template.spec.securityContext).to.deep.include({
                runAsNonRoot: true,
                seccompProfile: { type: "RuntimeDefault" },
            });
            for (const { securityContext, resources } of template.spec.containers) {
                expect(securityContext).to.deep.include({
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ["ALL"] },
                });
                expect(Object.keys(resources)).to.eql(["requests", "limits"]);
            }
        }
        const { template } = find(objects(), "Deployment", "prometheus")["spec"] as { template: { spec: Pod } };
        expect(template.spec.volumes).to.deep.include({ name: "storage", emptyDir: { sizeLimit: "2Gi" } });
        expect(template.spec.containers[0]?.args).to.include.members([
            "--storage.tsdb.retention.time=24h",
            "--storage.tsdb.retention.size=1GB",
        ]);
    });

    it("refuses a job of which nobody reads a metric", () => {
        expect(() => prometheusConfiguration(plan(validate({}), "test"), { prometheus: ["x"] })).to.throw(
            "metrics/names.yaml has no metric of the job ironic",
        );
    });
});

interface Pod {
    securityContext: object;
    containers: { securityContext: object; resources: object; args?: string[] }[];
    volumes: object[];
}

describe("The images of Prometheus", () => {
    it("are in a lab with the key alone", () => {
        const names = imagesThatRunAs("observability");
        expect(names).to.have.members(["prometheus", "mysqld-exporter"]);
        const has = (observability: string) => {
            const images = Images.of(validate({ observability, imageRegistry: "registry.example/lab" }));
            const pushed = images.forRegistry().map(({ local }) => local);
            const all = names.map(builtReference);
            return [images.built(), pushed].map((some) => all.filter((each) => some.includes(each)).length);
        };
        expect(has("false")).to.eql([0, 0]);
        expect(has("true")).to.eql([2, 2]);
        const images = Images.of(validate({ observability: "true" }));
        expect(images.inCluster()).to.include.members(names.map(builtReference));
    });
});
