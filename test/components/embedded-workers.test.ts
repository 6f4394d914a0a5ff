import { expect } from "chai";
import { CONTAINER, field, isSecret, lab, plain } from "./build-lab";

const COMMAND = "command:local:Command";
const variables = (resource: { inputs: Record<string, unknown> }): Record<string, string> =>
    Object.fromEntries((field(resource, "envs") as string[]).map((each) => each.split(/=(.*)/s).slice(0, 2)));

describe("Workers of the embedded Kubernetes", () => {
    it("are no part of a lab that has none", async () => {
        const { resources } = await lab({});
        expect(resources.filter(({ name }) => name.includes("-worker-"))).to.deep.equal([]);
    });

    it("have a container each, with a disk, an address and a part of the pod network of its own", async () => {
        const recorder = await lab({ embeddedWorkers: "2" });
        const [one, two] = [1, 2].map((index) => recorder.named(`kubernetes-worker-${index}-container`));
        if (one === undefined || two === undefined) {
            throw new Error("no worker");
        }
        expect(variables(two)).to.include({
            NODE_ROLE: "worker",
            NODE_NAME: "m3lab-test-worker-2",
            NODE_IP: "192.168.222.4",
            NODE_POD_CIDR: "10.244.136.0/21",
            CONTROL_PLANE_IP: "192.168.222.2",
            POD_CIDR: "10.244.0.0/16",
            NODE_VOLUMES: "",
        });
        expect(variables(recorder.named("kubernetes-control-plane"))).to.include({
            NODE_ROLE: "control-plane",
            NODE_POD_CIDR: "10.244.0.0/17",
            CONTROL_PLANE_IP: "192.168.222.2",
            NODE_VOLUMES: "mariadb",
        });
        expect(field(two, "volumes")).to.deep.equal([{ volumeName: "m3lab-test-worker-2-var", containerPath: "/var" }]);
        expect(field(two, "networksAdvanced", 0, "ipv4Address")).to.equal("192.168.222.4");
        expect("ports" in two.inputs).to.equal(false);
        const own = ["name", "hostname", "envs", "volumes", "networksAdvanced", "uploads"];
        for (const [key, value] of Object.entries(one.inputs).filter(([each]) => !own.includes(each))) {
            expect(two.inputs[key], key).to.deep.equal(value);
        }
    });

    it("hold no key but those of a node, none of the cluster's CA among them", async () => {
        const { inputs } = (await lab({ embeddedWorkers: "1" })).named("kubernetes-worker-1-container");
        expect(isSecret(inputs["uploads"])).to.equal(true);
        const files = plain(inputs["uploads"]) as { file: string; content: string }[];
        expect(Object.fromEntries(files.map(({ file, content }) => [file.split("/").at(-1), content]))).to.deep.equal({
            "ca.crt": "certificate of cluster ca",
            "kubelet.crt": "certificate of worker",
            "kubelet.key": "key of worker",
            "kubelet-server.crt": "certificate of worker server",
            "kubelet-server.key": "key of worker server",
            "kube-proxy.crt": "certificate of kube-proxy",
            "kube-proxy.key": "key of kube-proxy",
        });
    });

    it("get their certificates from the cluster's CA, without another run of the lab's PKI", async () => {
        const [without, recorder] = [await lab({}), await lab({ embeddedWorkers: "1" })];
        const [before, after] = [without, recorder].map((each) => each.of(COMMAND).find(({ name }) => name === "pki"));
        expect(before?.inputs["create"]).to.equal("node --import tsx tasks/pki.ts");
        expect(after).to.deep.equal(before);
        const issue = recorder.named("kubernetes-worker-1-certificates");
        expect(isSecret(issue.inputs["stdin"])).to.equal(true);
        expect(JSON.parse(String(plain(issue.inputs["stdin"])))).to.deep.equal({
            node: "m3lab-test-worker-1",
            names: ["m3lab-test-worker-1", "192.168.222.3"],
            authority: { cert: "certificate of cluster ca", key: "key of cluster ca" },
        });
        expect(issue.inputs["logging"]).to.equal("stderr");
    });

    it("get the images that run as pods, into two nodes at once at most", async () => {
        const recorder = await lab({ embeddedWorkers: "3" });
        const copies = recorder.of(COMMAND).filter(({ name }) => /^kubernetes(-worker-\d)?-images$/.test(name));
        expect(copies.map(({ inputs }) => field({ inputs }, "environment", "NODE_CONTAINER")).sort()).to.deep.equal([
            "m3lab-test-control-plane",
            "m3lab-test-worker-1",
            "m3lab-test-worker-2",
            "m3lab-test-worker-3",
        ]);
        expect(new Set(copies.map(({ inputs }) => field({ inputs }, "environment", "IMAGES"))).size).to.equal(1);
        // The first two begin at once; each further one waits for the last but one before it.
        const waitsFor = (index: number): string[] =>
            (recorder.dependencies.get(`kubernetes-worker-${index}-images`) ?? []).filter((each) =>
                each.endsWith("-images"),
            );
        expect([1, 2, 3].map(waitsFor)).to.deep.equal([[], ["kubernetes-images"], ["kubernetes-worker-1-images"]]);
    });

    it("join with their images, leave drained and before their container, and go with the whole cluster", async () => {
        const recorder = await lab({ embeddedWorkers: "1" });
        const { inputs } = recorder.named("kubernetes-worker-1-node");
        expect(inputs).to.deep.include({
            create: "node --import tsx tasks/worker-node.ts join",
            delete: "node --import tsx tasks/worker-node.ts leave",
            environment: {
                NODE: "m3lab-test-worker-1",
                CONTROL_PLANE: "m3lab-test-control-plane",
                CONTAINER: "kubernetes-worker-1-container-id",
            },
        });
        // Triggers would replace it, and with that drain a node that stays.
        expect("triggers" in inputs).to.equal(false);
        // Pulumi deletes what depends on something before that.
        expect(recorder.dependencies.get("kubernetes-worker-1-node")).to.include.members([
            "kubernetes-worker-1-container",
            "kubernetes-worker-1-images",
        ]);
        expect(recorder.dependencies.get("kubernetes-worker-1-container")).to.include.members([
            "kubernetes-control-plane",
            "kubernetes-worker-1-var",
        ]);
        expect(recorder.deletedWith.get("kubernetes-worker-1-node")).to.equal("kubernetes-control-plane");
        expect(recorder.dependencies.get("ironic-deployment-ironic-conductor-0")).to.include(
            "kubernetes-worker-1-node",
        );
    });

    it("change nothing that is there when there are more", async () => {
        const [few, many] = [await lab({ embeddedWorkers: "1" }), await lab({ embeddedWorkers: "3" })];
        const after = new Map(many.resources.map(({ type, name, inputs }) => [`${type} ${name}`, inputs]));
        for (const { type, name, inputs } of few.resources.filter((each) => !each.type.startsWith("pulumi:"))) {
            expect(after.get(`${type} ${name}`), name).to.deep.equal(inputs);
        }
        expect(many.of(CONTAINER).length - few.of(CONTAINER).length).to.equal(2);
    });
});
