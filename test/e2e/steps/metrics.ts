import { expect } from "chai";
import { metricsIn, recordedMetrics, ruleExpressions } from "../../promql";
import { configure, eventually, NAMESPACE, pulumi } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { lab, nothingToDo, npmRunUp } from "./lab";

/** Jobs that a cluster which is not the lab's own does without. */
const OF_OWN_CLUSTER = ["kube-apiserver", "kubelet", "cadvisor", "etcd"];
const JOBS = Object.keys(recordedMetrics()).filter((job) => SUBSTRATE.isOwn || !OF_OWN_CLUSTER.includes(job));

/** Seconds for all parts to be asked twice, which rates need. */
const LIMIT = 240;

/** Asks Prometheus' API, through that of Kubernetes. @returns the data of its answer */
async function prometheus(path: string, parameters: Record<string, string> = {}): Promise<unknown> {
    const query = new URLSearchParams(parameters).toString();
    const url = `/api/v1/namespaces/${NAMESPACE}/services/prometheus:9090/proxy/api/v1/${path}?${query}`;
    const { code, output } = await lab.live.kubectl(["get", "--raw", url]);
    if (code !== 0) {
        throw new Error(output);
    }
    return JSON.parse(output).data;
}

/** A rule, as far as it is looked at. The rest is for the message of a failure. */
interface Rule {
    name: string;
    health: string;
    lastError?: string;
}

interface Target {
    labels: { job: string; part?: string };
    health: string;
    lastError: string;
}

const targets = async (): Promise<Target[]> =>
    ((await prometheus("targets", { state: "active" })) as { activeTargets: Target[] }).activeTargets;

const jobsOf = (all: readonly Target[]): string[] => [...new Set(all.map(({ labels }) => labels.job))].sort();

/** All names that Prometheus has series of, with the job that they come from: "up of fkas". */
async function seriesNames(): Promise<Set<string>> {
    const { result } = (await prometheus("query", { query: 'count by (__name__, job) ({__name__!=""})' })) as {
        result: { metric: { __name__: string; job?: string } }[];
    };
    return new Set(result.map(({ metric }) => `${metric.__name__} of ${metric.job ?? "rules"}`));
}

/** Gives the lab a Prometheus, and takes it away again. */
export function metrics(): void {
    let before: Record<string, string>;

    it("gets a Prometheus that reaches every part, and restarts nothing", async () => {
        before = await lab.live.identities();
        await configure({ observability: "true" });
        await npmRunUp();
        lab.live = new Live();
        expect(await lab.live.identities()).to.include(before);
        await eventually(
            "every target up",
            LIMIT,
            async () => {
                const all = await targets();
                return all.every(({ health }) => health === "up") && jobsOf(all).length === JOBS.length;
            },
            async () => (await targets()).filter(({ health }) => health !== "up"),
        );
        expect(jobsOf(await targets())).to.deep.equal([...JOBS].sort());
        const controllers = (await targets()).filter(({ labels }) => labels.job === "controllers");
        expect(controllers.map(({ labels }) => labels.part)).to.have.members([
            "baremetal-operator",
            "capi",
            "capi-kubeadm-bootstrap",
            "capi-kubeadm-control-plane",
            "capm3",
            "ipam",
        ]);
    });

    it("has every metric that rules and dashboards read, and works out every rule", async () => {
        const wanted = JOBS.flatMap((job) => (recordedMetrics()[job] ?? []).map((name) => `${name} of ${job}`));
        // A rule makes nothing of metrics that nobody is asked for. Each stands behind those whose series it reads.
        const there = new Set(JOBS.flatMap((job) => recordedMetrics()[job] ?? []));
        for (const { record, expr } of ruleExpressions()) {
            if (record !== undefined && metricsIn(expr).every((name) => there.has(name))) {
                there.add(record);
                wanted.push(`${record} of rules`);
            }
        }
        const missing = async (): Promise<string[]> => {
            const had = await seriesNames();
            return wanted.filter((name) => !had.has(name));
        };
        await eventually("every series", LIMIT, async () => (await missing()).length === 0, missing);
        const { groups } = (await prometheus("rules")) as { groups: { rules: Rule[] }[] };
        const rules = groups.flatMap((group) => group.rules);
        expect(rules).to.have.length(ruleExpressions().length);
        expect(rules.filter(({ health }) => health !== "ok")).to.deep.equal([]);
    });

    it("lets go of its Prometheus again, and restarts nothing", async () => {
        expect((await pulumi(["config", "rm", "observability"], { quiet: true })).code).to.equal(0);
        await npmRunUp();
        lab.live = new Live();
        await eventually(
            "the pods of before",
            120,
            async () => Object.keys(await lab.live.identities()).length === Object.keys(before).length,
            () => lab.live.identities(),
        );
        expect(await lab.live.identities()).to.deep.equal(before);
        await nothingToDo();
    });
}
