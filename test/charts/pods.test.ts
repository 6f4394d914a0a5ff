import { expect } from "chai";
import {
    conductorContainer,
    conductorPod,
    containers,
    find,
    identity,
    ironicConf,
    podOf,
    provisioningIps,
    pythonArguments,
    render,
    renderConductors,
    workloads,
    type Rendered,
} from "./helm";

describe("charts/ironic: pods", function () {
    this.timeout(30_000);
    let three: Rendered[];
    before(() => {
        three = renderConductors(3);
    });

    it("Every container has a pinned image and requests CPU and memory", () => {
        for (const workload of workloads(three)) {
            for (const { name, image, imagePullPolicy, resources } of containers(workload)) {
                const where = `${identity(workload)} ${name}`;
                expect(image, where)
                    .to.match(/^[^:@]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/)
                    .and.not.match(/:latest$/);
                expect(imagePullPolicy, where).to.equal("IfNotPresent");
                expect(Object.keys(resources.requests), where).to.have.members(["cpu", "memory"]);
            }
        }
    });

    it("Python is the one of Ironic's own script, and its log comes at once and without warnings", () => {
        for (const name of ["provisioning-ip", "prepare", "ironic"]) {
            const container = conductorContainer(three, name);
            expect(pythonArguments(container)[0]).to.match(/^\/scripts\/\w+\.py$/);
            expect(container.env).to.deep.include.members([
                { name: "PYTHONUNBUFFERED", value: "1" },
                { name: "PYTHONWARNINGS", value: "ignore" },
            ]);
        }
    });

    it("A digest takes precedence over a tag", () => {
        const digest = `sha256:${"a".repeat(64)}`;
        const image = { repository: "quay.io/metal3-io/ironic", tag: "v1", digest };
        const pinned = renderConductors(1, { "images.ironic": image });
        expect(conductorContainer(pinned, "ironic").image).to.equal(`quay.io/metal3-io/ironic@${digest}`);
    });

    it("Containers that stay have a liveness probe; sidecars have a startup probe, others a readiness probe", () => {
        for (const workload of workloads(three)) {
            for (const container of containers(workload)) {
                if (["prepare", "own-data"].includes(container.name)) {
                    continue;
                }
                const where = `${identity(workload)} ${container.name}`;
                expect(container, where).to.have.property("livenessProbe");
                const sidecar = container.restartPolicy === "Always";
                expect(container, where).to.have.property(sidecar ? "startupProbe" : "readinessProbe");
            }
        }
    });

    it("Containers run without privileges, but for the capabilities of two of them", () => {
        const capabilities: Record<string, string[]> = {
            "provisioning-ip": ["NET_ADMIN", "NET_RAW"],
            "own-data": ["CHOWN"],
        };
        for (const workload of workloads(renderConductors(1, { "mariadb.persistence.hostPath": "/data" }))) {
            for (const { name, securityContext } of containers(workload)) {
                expect(securityContext).to.deep.include({
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                });
                const add = capabilities[name as string];
                expect(securityContext.capabilities).to.deep.equal({ drop: ["ALL"], ...(add ? { add } : {}) });
                expect(securityContext.runAsNonRoot, name).to.equal(add ? undefined : true);
            }
        }
    });

    it("Each selector fits the pods of one workload", () => {
        const fits = (selector: Record<string, string>, workload: Rendered) =>
            Object.entries(selector).every(([key, value]) => workload["spec"].template.metadata.labels[key] === value);
        const all = workloads(three);
        expect(all.map(identity)).to.have.members([
            ...[0, 1, 2].map((index) => `Deployment/ironic-conductor-${index}`),
            "Deployment/ironic-image-server",
            "StatefulSet/ironic-mariadb",
        ]);
        for (const workload of all) {
            const selector = workload["spec"].selector.matchLabels;
            expect(all.filter((other) => fits(selector, other)).map(identity)).to.deep.equal([identity(workload)]);
        }
        for (const service of three.filter(({ kind, spec }) => kind === "Service" && spec.selector)) {
            expect(
                all.filter((workload) => fits(service["spec"].selector, workload)),
                identity(service),
            ).to.have.length(1);
        }
    });

    it("Containers mount only volumes of their pod, and the ConfigMaps of volumes exist", () => {
        for (const workload of workloads(three)) {
            const { volumes } = podOf(workload);
            const names = volumes.map(({ name }: { name: string }) => name);
            for (const { name, volumeMounts } of containers(workload)) {
                expect(names, `${identity(workload)} ${name}`).to.include.members(
                    volumeMounts.map((mount: { name: string }) => mount.name),
                );
            }
            for (const { configMap } of volumes) {
                if (configMap) {
                    find(three, "ConfigMap", configMap.name);
                }
            }
        }
    });

    it("Conductors can share a node: each has the same ports at its own address, and no two have the same name", () => {
        for (const [index, ip] of provisioningIps(3).entries()) {
            const { spec } = find(three, "Deployment", `ironic-conductor-${index}`);
            // A second pod of a conductor must not start before the first has ended: they share name and address.
            expect(spec).to.deep.include({ replicas: 1, strategy: { type: "Recreate" } });
            const pod = conductorPod(three, index);
            expect(pod).to.include({
                hostNetwork: true,
                dnsPolicy: "ClusterFirstWithHostNet",
                automountServiceAccountToken: false,
            });
            const ports = [...pod.initContainers, ...pod.containers].flatMap(
                (container: { ports?: { hostPort: number; hostIP: string }[] }) => container.ports ?? [],
            );
            expect(ports.map(({ hostPort }) => hostPort)).to.have.members([6385, 8089, 6180]);
            expect(new Set(ports.map(({ hostIP }) => hostIP))).to.deep.equal(new Set([ip]));
            expect(pod.volumes.filter((volume: object) => "hostPath" in volume)).to.deep.equal([]);
            // They spread over the nodes: the constraint counts the pods of all conductors.
            const [constraint] = pod.topologySpreadConstraints;
            expect(constraint.labelSelector.matchLabels).not.to.have.property("metal3-scale-lab/conductor");
        }
    });

    it("Conductors behind Services run in the pod network, without privileges or ports of the node", () => {
        const objects = render({ "provisioning.services": 2 });
        for (const index of [0, 1]) {
            const pod = conductorPod(objects, index);
            expect(pod).to.not.have.any.keys("hostNetwork", "dnsPolicy");
            for (const container of [...pod.initContainers, ...pod.containers]) {
                expect(container.securityContext, container.name).to.deep.include({
                    runAsNonRoot: true,
                    capabilities: { drop: ["ALL"] },
                });
                for (const port of container.ports ?? []) {
                    expect(Object.keys(port), container.name).to.have.members(["name", "containerPort"]);
                }
                for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
                    expect(container[probe]?.httpGet ?? {}, `${container.name} ${probe}`).to.not.have.property("host");
                }
            }
            const name = `ironic-conductor-${index}`;
            const conf = ironicConf(objects, index);
            expect(conf["DEFAULT"])
                .to.include({ host: `${name}.metal3.svc` })
                .and.not.have.property("my_ip");
            expect(conf["json_rpc"]).to.include({ host_ip: "0.0.0.0" });
            expect(conf["deploy"]).to.include({ http_url: `http://${name}.metal3.svc:6180` });
            const { selector, ports } = find(objects, "Service", name)["spec"];
            expect(ports.map(({ port }: { port: number }) => port)).to.deep.equal([6385, 8089, 6180]);
            // The pod writes its EndpointSlice itself: a selector would find the pod of a node that is lost as well.
            expect(selector).to.equal(undefined);
            const { env } = pod.initContainers[0];
            expect(env).to.deep.include({ name: "OWN_SERVICE", value: name });
            expect(env).to.deep.include({ name: "OWN_PORTS", value: "api=6385 json-rpc=8089 http=6180" });
        }
        expect(objects.map(identity)).to.not.include("Deployment/ironic-conductor-2");
    });

    it("The sidecars of a conductor start before it and stop after it", () => {
        const order = conductorPod(three).initContainers.map(
            ({ name, restartPolicy }: Record<string, string>) => [name, restartPolicy] as const,
        );
        expect(order).to.deep.equal([
            ["provisioning-ip", "Always"],
            ["http", "Always"],
            ["prepare", undefined],
        ]);
    });
});
