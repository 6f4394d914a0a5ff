import { expect } from "chai";
import { annotationsOf, BMO, CLUSTER, DEPLOYMENT, field, HOST, lab, plain } from "./build-lab";

/** The bare-metal operator's container. */
async function operator(
    raw: Record<string, string>,
): Promise<{ env: Record<string, unknown>; resources?: { requests?: Record<string, string> }; lifecycle?: object }> {
    const recorder = await lab({ nodes: "1", clusters: "0", ...raw });
    const containers = field(recorder.named(BMO), "spec", "template", "spec", "containers") as {
        name: string;
        env: { name: string; value: unknown }[];
        resources?: object;
        lifecycle?: object;
    }[];
    const manager = containers.find(({ name }) => name === "manager");
    if (!manager) {
        throw new Error("no manager");
    }
    return {
        env: Object.fromEntries(manager.env.map(({ name, value }) => [name, value])),
        ...(manager.resources ? { resources: manager.resources } : {}),
        ...(manager.lifecycle ? { lifecycle: manager.lifecycle } : {}),
    };
}

describe("The lab, as its configuration tunes it,", () => {
    it("limits the hosts in progress, by the size, the configuration, or as published", async () => {
        const limit = async (raw: Record<string, string>) => {
            const { env, resources } = await operator(raw);
            return {
                limit: env["PROVISIONING_LIMIT"],
                concurrency: env["BMO_CONCURRENCY"],
                cpu: resources?.requests?.["cpu"],
                gogc: env["GOGC"],
            };
        };
        expect(await limit({})).to.deep.equal({ limit: "10000", concurrency: "20", cpu: "80m", gogc: "300" });
        expect(await limit({ provisioningLimit: "7" })).to.include({ limit: "7" });
        expect(await limit({ tuning: "published" })).to.deep.equal({
            limit: "20",
            concurrency: undefined,
            cpu: undefined,
            gogc: undefined,
        });
    });

    it("replaces controllers one after the other, and has those that elect a leader roll and drain", async () => {
        for (const [tuning, strategy, drainSeconds] of [
            ["lab", "Recreate", undefined],
            ["published", "RollingUpdate", 5],
        ] as const) {
            const recorder = await lab({ nodes: "1", clusters: "0", tuning });
            const installed = recorder.resources.find(
                ({ type, name }) => type === "command:local:Command" && name === "cluster-api",
            );
            const { controllers } = JSON.parse(String(plain(installed?.inputs["stdin"]))) as {
                controllers: Record<string, { strategy?: string; drainSeconds?: number }>;
            };
            const found = Object.entries(controllers).map(([name, each]) => [name, each.strategy, each.drainSeconds]);
            expect(found).to.have.deep.members(
                ["core", "bootstrap", "controlPlane", "infrastructure", "ipam"].map((name) => [
                    name,
                    strategy,
                    drainSeconds,
                ]),
            );
            const bmo = recorder.resources.find(({ name }) => name.startsWith("bmo-deployment"));
            expect(field(bmo as { inputs: Record<string, unknown> }, "spec", "strategy")).to.deep.equal({
                type: strategy,
            });
        }
    });

    it("asks the bare-metal operator's webhook about its own changes only in the published lab", async () => {
        const conditions = async (tuning: string): Promise<unknown> => {
            const recorder = await lab({ nodes: "1", clusters: "0", tuning });
            const hooks = recorder.resources.filter(({ type }) => type.endsWith(":ValidatingWebhookConfiguration"));
            const webhooks = hooks.flatMap(
                ({ inputs }) => plain(inputs["webhooks"]) as { matchConditions?: object[] }[],
            );
            expect(webhooks).to.have.length(1);
            return webhooks[0]?.matchConditions;
        };
        expect(await conditions("lab")).to.have.length(1);
        expect(await conditions("published")).to.equal(undefined);
    });

    it("has policies for FirmwareSchemas and BMC Secrets, but not in the published lab", async () => {
        const policies = async (raw: Record<string, string>) =>
            (await lab({ nodes: "1", clusters: "0", ...raw })).resources
                .filter(({ type }) => type.endsWith(":MutatingAdmissionPolicyBinding"))
                .map(({ inputs }) => (inputs["spec"] as { policyName: string }).policyName);
        expect(await policies({})).to.have.members(["firmware-schemas-without-owners", "bmc-secrets-without-cluster"]);
        expect(await policies({ tuning: "published" })).to.deep.equal([]);
    });

    it("queues the clusters of queued hosts for one host per machine, except in the published lab", async () => {
        const annotations = async (tuning: string) => {
            const raw = { nodes: "123", clusters: "41", controlPlaneNodes: "1", workerNodes: "2", hostsAtOnce: "120" };
            return annotationsOf(await lab({ ...raw, tuning }), CLUSTER);
        };
        // In the foreground, hosts would be deleted with the clusters that use them.
        const deleted = { "pulumi.com/deletionPropagationPolicy": "background" };
        const none = Array.from({ length: 40 }, () => deleted);
        expect(await annotations("lab")).to.deep.equal([
            ...none,
            { ...deleted, "cluster.x-k8s.io/paused": "", "queue.metal3-scale-lab/queued": "3" },
        ]);
        expect(await annotations("published")).to.deep.equal([...none, deleted]);
    });

    it("makes the hosts beyond hostsAtOnce paused, and tells one FKAS how many may be in progress", async () => {
        const recorder = await lab({ nodes: "3", clusters: "2", hostsAtOnce: "2", fakeApiServers: "2" });
        expect(annotationsOf(recorder, HOST)).to.deep.equal([
            undefined,
            undefined,
            {
                "baremetalhost.metal3.io/paused": "",
                "cluster.x-k8s.io/paused": "",
                "queue.metal3-scale-lab/queued": "",
            },
        ]);
        const told = recorder.resources
            .filter(({ name, type }) => type === DEPLOYMENT && name.startsWith("fkas-"))
            .map(({ inputs }) => /FKAS_HOSTS_AT_ONCE","value":"(\d+)"/.exec(JSON.stringify(inputs))?.[1]);
        expect(told.sort()).to.deep.equal(["2", undefined]);
    });
});
