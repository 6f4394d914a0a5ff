import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { QUEUED_ANNOTATIONS } from "../../components/hosts";
import { EFFECTS, type Effect } from "../../plan/config/definition";
import { keys, type Key } from "../../plan/config/keys";
import { RELEASED_ANNOTATION } from "../../plan/manifests/cluster-objects";
import { CLUSTER, CONTAINER, DEPLOYMENT, field, HOST, lab } from "./build-lab";
import type { Recorder, Registered } from "./mocks";

/** A key's change: its new value, what it starts from, and whether a chart that the mocks do not render takes it up. */
interface Change {
    to: string;
    from?: Record<string, string>;
    chartOnly?: boolean;
}

const EXISTING = { substrate: "existing" };
const LARGE = { clusters: "0", provisioningCidr: "172.20.0.0/16" };
const IMAGES = JSON.stringify({ overrides: { "sushy-tools": "sushy-tools:v9", node: "node:v9", fkas: "fkas:v9" } });
const FILE = { from: "/boot/ipa", sha256: "0".repeat(64) };

/** A change of each key that a living lab takes. */
const CHANGES: Partial<Record<Key, Change[]>> = {
    nodes: [{ to: "6" }, { to: "201", from: { ...LARGE, nodes: "200" } }],
    clusters: [{ to: "4" }, { to: "1" }],
    controlPlaneNodes: [{ to: "3", from: { nodes: "8" } }],
    workerNodes: [{ to: "1" }],
    conductors: [{ to: "3", chartOnly: true }],
    nodesPerPair: [{ to: "4", from: { nodes: "2" } }],
    fakeApiServers: [{ to: "2" }],
    kubernetesVersion: [{ to: "v1.36.0" }],
    hostProfiles: [{ to: '{"small":9,"rack":1}', from: { nodes: "5" }, chartOnly: true }],
    fakeBootSeconds: [{ to: "5" }],
    fakePowerSeconds: [{ to: "5" }],
    powerSyncSeconds: [{ to: "60", chartOnly: true }],
    cleaning: [{ to: "metadata" }],
    kubeconfig: [{ to: "/srv/kubeconfig", from: EXISTING }],
    kubeContext: [{ to: "mine", from: EXISTING }],
    nodeSelector: [{ to: '{"disk":"ssd"}', from: EXISTING }],
    tolerations: [{ to: '[{"operator":"Exists"}]', from: EXISTING }],
    clusterWideTuning: [{ to: "true", from: EXISTING }],
    apiPort: [{ to: "16500" }],
    embeddedWorkers: [{ to: "2" }, { to: "1", from: { embeddedWorkers: "3" } }],
    versionSet: [{ to: "2026.3", chartOnly: true }],
    versions: [
        { to: '{"ironic":"39.0.0"}', chartOnly: true },
        { to: '{"capi":"1.13.6"}' },
        { to: '{"kubernetes":"1.36.3"}' },
        { to: '{"sushyTools":"2.1.0"}' },
        { to: '{"sushyTools":"2.1.0"}', from: { fakeNodes: "kubernetes" } },
    ],
    images: [{ to: IMAGES }],
    imageRegistry: [{ to: "registry.example:5000/lab" }],
    imagePullSecrets: [{ to: '["pull"]' }],
    ipa: [{ to: JSON.stringify({ kernel: FILE, ramdisk: FILE }), chartOnly: true }],
    hostsAtOnce: [{ to: "1" }, { to: "3", from: { hostsAtOnce: "1" } }],
    rolloutsAtOnce: [{ to: "2" }],
    provisioningLimit: [{ to: "5" }, { to: "5000" }],
    tuning: [
        { to: "published", from: { hostsAtOnce: "1" } },
        { to: "lab", from: { tuning: "published" } },
    ],
    without: [
        { to: '["ironic-password-hash"]', chartOnly: true },
        { to: '["ironic-power-sync"]', chartOnly: true },
        { to: '["bmo-concurrency"]' },
    ],
    observability: [{ to: "true" }, { to: "false", from: { observability: "true" } }],
    wait: [{ to: "hosts" }],
    waitTimeout: [{ to: "5" }],
};

const CONTROLLERS = /^(kubernetes:apps\/v1:(Deployment|StatefulSet|DaemonSet)|command:local:Command)$/;

/** Inputs of a resource without the annotations whose changes Pulumi is told to ignore. */
function compared({ name, inputs }: Registered, recorder: Recorder): unknown {
    const ignored = recorder.ignoredChanges.get(name) ?? [];
    const copy = structuredClone(inputs) as { metadata?: { annotations?: Record<string, unknown> } };
    for (const path of ignored) {
        const annotation = /^metadata\.annotations\["(.*)"\]$/.exec(path)?.[1];
        if (path === "metadata.annotations") {
            delete copy.metadata?.annotations;
        } else if (annotation !== undefined) {
            delete copy.metadata?.annotations?.[annotation];
        }
    }
    return copy;
}

/** Resources that are in both labs, and are not the same. */
function changed(before: Recorder, after: Recorder): [Registered, Registered][] {
    const old = new Map(before.resources.map((each) => [`${each.type} ${each.name}`, each]));
    return after.resources
        .map((each) => [old.get(`${each.type} ${each.name}`), each] as const)
        .filter((pair): pair is [Registered, Registered] => pair[0] !== undefined)
        .filter(([a, b]) => !isDeepStrictEqual(compared(a, after), compared(b, after)));
}

/** What Pulumi and Kubernetes do about a resource that has changed. */
function effectOf([old, now]: [Registered, Registered]): Effect {
    if (now.type === CONTAINER) {
        return now.name.startsWith("pair-") ? "restarts the pairs" : "restarts the node";
    }
    if (
        now.type === CLUSTER &&
        field(old, "spec", "topology", "version") !== field(now, "spec", "topology", "version")
    ) {
        return "rolls the clusters";
    }
    if (now.name.startsWith("pair-") && now.type === DEPLOYMENT) {
        return "restarts the pairs";
    }
    // The commands bring the controllers of Cluster API up to date, and others write the kubeconfig or copy images into
    // the node, of which nothing that runs takes notice.
    return CONTROLLERS.test(now.type) && !["kubeconfig", "kubernetes-images"].includes(now.name)
        ? "restarts pods"
        : "in place";
}

/** The effects of a change, as the resources show them. The node's new port is in the kubeconfig of a command, too. */
async function seen(key: Key, { to, from = {} }: Change): Promise<Effect[]> {
    const [before, after] = [await lab(from), await lab({ ...from, [key]: to })];
    const effects = new Set(changed(before, after).map(effectOf));
    if (key === "apiPort") {
        effects.delete("restarts pods");
    }
    return [...effects].filter((effect) => effect !== "in place");
}

describe("The effects of a key", () => {
    const inPlace = (key: Key): boolean => !keys[key].effects.includes("another lab");

    it("are of the set that the documentation explains, and another lab stands alone", () => {
        for (const [key, { effects }] of Object.entries(keys)) {
            expect(Object.keys(EFFECTS), key).to.include.members([...effects]);
            expect(effects.length, key).to.be.at.least(1);
            expect(effects.includes("another lab") && effects.length > 1, key).to.equal(false);
        }
        expect(Object.keys(CHANGES)).to.have.members((Object.keys(keys) as Key[]).filter(inPlace));
    });

    for (const [key, changes] of Object.entries(CHANGES) as [Key, Change[]][]) {
        it(`are what happens to the resources of a living lab when ${key} is changed`, async () => {
            const declared: Effect[] = keys[key].effects.filter((effect) => effect !== "in place");
            const happened = new Set<Effect>();
            for (const change of changes) {
                (await seen(key, change)).forEach((effect) => happened.add(effect));
            }
            const missed = declared.filter((effect) => !happened.has(effect));
            expect(
                [...happened].filter((effect) => !declared.includes(effect)),
                "undeclared",
            ).to.deep.equal([]);
            expect(changes.some(({ chartOnly }) => chartOnly) ? [] : missed, "declared only").to.deep.equal([]);
        });
    }
});

/** The annotation by which a conductor makes BMO look at a host. */
const annotatorName = (): string =>
    /^ANNOTATION = "([^"]+)"/m.exec(readFileSync("charts/ironic/files/host_annotator.py", "utf8"))?.[1] ?? "";

describe("A number of hosts at once that is changed", () => {
    it("pauses no host and no cluster that is there, as long as somebody releases those that wait", async () => {
        const ignored = async (raw: Record<string, string>) => {
            const { ignoredChanges } = await lab(raw);
            return [ignoredChanges.get("host-0001"), ignoredChanges.get("cluster-0001")];
        };
        expect(await ignored({ hostsAtOnce: "1" })).to.deep.equal([
            ["metadata.annotations"],
            [
                'metadata.annotations["cluster.x-k8s.io/paused"]',
                'metadata.annotations["queue.metal3-scale-lab/queued"]',
                'metadata.annotations["metal3-scale-lab/queued"]',
            ],
        ]);
        expect(await ignored({ tuning: "published" })).to.deep.equal([[], []]);
    });

    // Pulumi's Kubernetes provider 4.25.0 asks for updates again and again where a name without a dot is ignored: it
    // looks for the path in another spelling than the one in which it has noted the difference.
    it("is in annotations with a dot in their names, whose changes Pulumi ignores", () => {
        const names = [...Object.keys(QUEUED_ANNOTATIONS), RELEASED_ANNOTATION, annotatorName()];
        expect(names.filter((name) => !name.includes("."))).to.deep.equal([]);
    });

    it("still makes new hosts and clusters paused", async () => {
        const recorder = await lab({ hostsAtOnce: "1" });
        for (const [type, name] of [
            [HOST, "host-0001"],
            [CLUSTER, "cluster-0001"],
        ] as const) {
            const found = recorder.of(type).find((each) => each.name === name);
            expect(found && field(found, "metadata", "annotations")).to.include({ "cluster.x-k8s.io/paused": "" });
        }
    });
});

describe("The identifier of the management cluster", () => {
    const PROVIDER = "kubernetes-kubernetes";

    it("is the same whatever the port of its API is, so that Pulumi replaces no object for another port", async () => {
        const of = async (raw: Record<string, string>) => field((await lab(raw)).named(PROVIDER), "clusterIdentifier");
        expect(await of({ apiPort: "16500" })).to.equal("m3lab-test");
        expect(await of({})).to.equal("m3lab-test");
    });

    it("is that of minikube's machine, because another machine at the same address has another cluster", async () => {
        const recorder = await lab({ substrate: "minikube" });
        expect(field(recorder.named(PROVIDER), "clusterIdentifier")).to.equal("kubernetes-machine-id");
    });
});
