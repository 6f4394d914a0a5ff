import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { NODE_ADDRESS_CLASS } from "../../plan/manifests/cluster-objects";
import { imageRecipe } from "../../toolchain/images/recipes";
import {
    conductorContainer,
    find,
    identity,
    podOf,
    provisioningIps,
    render,
    renderConductors,
    workloads,
    type Rendered,
} from "./helm";

describe("charts/ironic: objects", function () {
    this.timeout(30_000);
    let one: Rendered[];
    let two: Rendered[];
    let three: Rendered[];
    before(() => {
        [one, two, three] = [1, 2, 3].map((count) => renderConductors(count)) as [Rendered[], Rendered[], Rendered[]];
    });

    describe("growing", () => {
        it("One more conductor adds two objects and changes no byte of the others", () => {
            for (const [before, after, index] of [
                [one, two, 1],
                [two, three, 2],
            ] as const) {
                const kept = after.filter((object) => before.map(identity).includes(identity(object)));
                expect(kept.map((object) => JSON.stringify(object))).to.have.members(
                    before.map((object) => JSON.stringify(object)),
                );
                expect(after.filter((object) => !kept.includes(object)).map(identity)).to.have.members([
                    `ConfigMap/ironic-conductor-${index}`,
                    `Deployment/ironic-conductor-${index}`,
                ]);
            }
        });

        it("No object holds another conductor's address", () => {
            for (const object of three) {
                const index = object.metadata.labels?.["metal3-scale-lab/conductor"];
                const others = provisioningIps(3).filter((_, other) => String(other) !== index);
                for (const ip of others) {
                    expect(JSON.stringify(object), identity(object)).not.to.contain(ip);
                }
            }
        });

        it("A conductor restarts when its configuration changes, and for nothing else", () => {
            const annotations = (values: object = {}) =>
                find(renderConductors(1, values), "Deployment", "ironic-conductor-0")["spec"].template.metadata
                    .annotations;
            const before = annotations();
            expect(annotations({ "conductor.fastTrack": false })).not.to.deep.equal(before);
            expect(annotations({ "conductor.apiProxy.nodeListCacheSeconds": 9 })).not.to.deep.equal(before);
            expect(annotations({ "mariadb.maxConnections": 99, "service.annotations": { note: "x" } })).to.deep.equal(
                before,
            );
        });
    });

    it("Every object has the usual labels, and the common labels and annotations", () => {
        const common = { commonLabels: { team: "lab" }, commonAnnotations: { note: "x" } };
        for (const { metadata } of renderConductors(2, common)) {
            expect(metadata.labels).to.include({
                "app.kubernetes.io/name": "ironic",
                "app.kubernetes.io/instance": "ironic",
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/version": imageRecipe("ironic").version,
                team: "lab",
            });
            expect(metadata.annotations).to.include({ note: "x" });
        }
    });

    it("Another version of Ironic changes nothing of the database, not even a label", () => {
        const [before, after] = [{}, { ironicVersion: "39.0.0" }].map((values) => renderConductors(1, values));
        const changed = before!.filter((each, index) => !isDeepStrictEqual(each, after![index])).map(identity);
        expect(changed).to.include("Deployment/ironic-conductor-0");
        expect(changed.filter((name) => /mariadb|image-server/.test(name))).to.deep.equal([]);
        const labels = find(after!, "Deployment", "ironic-conductor-0").metadata.labels;
        expect(labels).to.include({ "app.kubernetes.io/version": "39.0.0" });
    });

    it("Objects are named after their release, so that two releases fit into one namespace", () => {
        const names = (release: string) => render({ "provisioning.ips": provisioningIps(2) }, release).map(identity);
        const [a, b] = [names("a"), names("b")];
        expect(a.filter((name) => b.includes(name))).to.deep.equal([]);
        expect(a).to.include("Deployment/a-ironic-conductor-1");
    });

    it("All secrets come from the two existing Secrets", () => {
        expect(three.filter(({ kind }) => kind === "Secret")).to.deep.equal([]);
        const custom = renderConductors(1, { existingSecret: "my-credentials", tlsSecret: "my-tls" });
        const names = (node: unknown): string[] => {
            if (Array.isArray(node)) {
                return node.flatMap(names);
            }
            if (node === null || typeof node !== "object") {
                return [];
            }
            return Object.entries(node).flatMap(([key, value]) => {
                if (key === "secretName") {
                    return [String(value)];
                }
                return key === "secretKeyRef" ? [(value as { name: string }).name] : names(value);
            });
        };
        expect([...new Set(custom.flatMap(names))]).to.have.members(["my-credentials", "my-tls"]);
    });

    it("Files of Secrets and tokens can be read by the owner and the group of the volume alone", () => {
        const volumes = workloads(three).flatMap((workload) => podOf(workload).volumes);
        const modes = volumes
            .map(({ secret, projected }) => secret ?? projected)
            .filter((source) => source !== undefined)
            .map(({ defaultMode }) => defaultMode);
        // Three of each conductor and one of MariaDB.
        expect(modes).to.deep.equal(Array(10).fill(0o440));
    });

    it("Pulumi does not wait for a Service without a selector, nor for a claim that is bound at its first use", () => {
        for (const [kind, name] of [
            ["Service", "ironic"],
            ["PersistentVolumeClaim", "ironic-mariadb"],
        ] as const) {
            expect(find(one, kind, name).metadata.annotations).to.include({ "pulumi.com/skipAwait": "true" });
        }
    });

    it("Ironic gets secrets as environment variables for oslo.config, the database's password within its URL", () => {
        const { env } = conductorContainer(one, "ironic") as { env: { name: string; value?: string }[] };
        const names = env.map(({ name }) => name);
        expect(names).to.include.members(["OS_JSON_RPC__USERNAME", "OS_JSON_RPC__PASSWORD"]);
        // The kubelet replaces only variables that were defined before.
        expect(names.indexOf("MARIADB_PASSWORD")).to.be.lessThan(names.indexOf("OS_DATABASE__CONNECTION"));
        expect(env.find(({ name }) => name === "OS_DATABASE__CONNECTION")?.value).to.equal(
            "mysql+pymysql://ironic:$(MARIADB_PASSWORD)@ironic-mariadb.metal3.svc:3306/ironic?charset=utf8mb4",
        );
    });

    it("The Service has no selector; only the sidecars may write its EndpointSlices, and annotate hosts", () => {
        expect(find(two, "Service", "ironic")["spec"]).to.not.have.property("selector");
        const { env } = conductorContainer(two, "provisioning-ip", 1);
        expect(
            Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value])),
        ).to.include({
            SERVICE_NAME: "ironic",
            SLICE_NAME: "ironic-conductor-1",
            PROVISIONING_IP: "192.168.222.101",
        });
        expect(find(two, "Role", "ironic-conductor")["rules"]).to.deep.equal([
            {
                apiGroups: ["discovery.k8s.io"],
                resources: ["endpointslices"],
                verbs: ["create", "get", "patch", "delete"],
            },
            { apiGroups: ["metal3.io"], resources: ["baremetalhosts"], verbs: ["patch"] },
        ]);
        // Only the sidecar mounts the token.
        const pod = podOf(find(two, "Deployment", "ironic-conductor-1"));
        const holders = [...pod.initContainers, ...pod.containers].filter(({ volumeMounts }) =>
            volumeMounts.some(({ name }: { name: string }) => name === "kubernetes"),
        );
        expect(holders.map(({ name }) => name)).to.deep.equal(["provisioning-ip"]);
    });

    it("At an address of a node the Service is a load balancer's, and the sidecars may publish the address", () => {
        const at = renderConductors(1, { "service.nodeAddress": "192.168.222.2", "service.type": "NodePort" });
        type Variables = { env: { name: string; value?: string }[] };
        const address = (objects: typeof at) => {
            const { env } = conductorContainer(objects, "provisioning-ip") as Variables;
            return env.find(({ name }) => name === "SERVICE_ADDRESS")?.value;
        };
        expect(find(at, "Service", "ironic")["spec"]).to.deep.include({
            type: "LoadBalancer",
            loadBalancerClass: NODE_ADDRESS_CLASS,
            allocateLoadBalancerNodePorts: false,
        });
        expect(address(at)).to.equal("192.168.222.2");
        expect(find(at, "Role", "ironic-conductor")["rules"]).to.deep.include({
            apiGroups: [""],
            resources: ["services/status"],
            resourceNames: ["ironic"],
            verbs: ["patch"],
        });
        expect(find(two, "Service", "ironic")["spec"]).to.deep.include({ type: "ClusterIP" });
        expect(address(two)).to.equal(undefined);
    });

    it("Conductors tell BMO of hosts, and may patch them, only with tellOperator and the tuned runtime", () => {
        for (const [values, tells] of [
            [{}, true],
            [{ "conductor.tellOperator": false }, false],
            [{ "conductor.tunedRuntime": false }, false],
        ] as const) {
            const objects = renderConductors(1, values);
            const sockets = ["ironic", "provisioning-ip"].map((name) => {
                const { env } = conductorContainer(objects, name) as { env: { name: string; value?: string }[] };
                return env.find((variable) => variable.name === "HOST_SOCKET")?.value;
            });
            const socket = tells ? "/run/conductor/hosts.sock" : undefined;
            expect(sockets).to.deep.equal([socket, socket]);
            const rules = find(objects, "Role", "ironic-conductor")["rules"] as { resources: string[] }[];
            expect(rules.some(({ resources }) => resources.includes("baremetalhosts"))).to.equal(tells);
        }
    });

    it("The image server serves each file and the SHA-256 of what it serves", () => {
        const files = { "os.raw": "abc\n", "b.raw": "é" };
        const map = find(renderConductors(1, { "imageServer.files": files }), "ConfigMap", "ironic-image-server");
        for (const [file, content] of Object.entries(files)) {
            const decode = (key: string) => Buffer.from(map["binaryData"][key], "base64").toString();
            expect(decode(file)).to.equal(content);
            expect(decode(`${file}.sha256sum`)).to.equal(
                `${createHash("sha256").update(content).digest("hex")}  ${file}\n`,
            );
        }
    });
});
