import { createHash } from "node:crypto";
import { expect } from "chai";
import { CHART, find, identity, parseIni, provisioningIps, refusal, render, runHelm, type Rendered } from "./helm";

const ips = (count: number) => ({ "provisioning.ips": provisioningIps(count) });
const conf = (objects: Rendered[], index = 0) =>
    parseIni(find(objects, "ConfigMap", `ironic-conductor-${index}`)["data"]["ironic.conf"]);
const workloads = (objects: Rendered[]) => objects.filter(({ kind }) => ["Deployment", "StatefulSet"].includes(kind));
const containers = (workload: Rendered) => {
    const pod = workload["spec"].template.spec;
    return [...(pod.initContainers ?? []), ...pod.containers];
};

describe("charts/ironic", function () {
    this.timeout(30_000);
    let one: Rendered[];
    let two: Rendered[];
    let three: Rendered[];
    before(() => {
        [one, two, three] = [1, 2, 3].map((count) => render(ips(count))) as [Rendered[], Rendered[], Rendered[]];
    });

    it("is clean for helm lint --strict, with its defaults and with everything switched the other way", () => {
        for (const values of [
            [],
            [
                "--set",
                "imageServer.enabled=false,mariadb.persistence.enabled=false,service.type=NodePort,service.nodePort=30385",
            ],
            ["--set", "mariadb.external.host=db.example.org,provisioning.interface=eth1"],
            ["--set", "mariadb.persistence.hostPath=/var/lib/lab/mariadb"],
        ]) {
            const { status, output } = runHelm(["lint", "--strict", CHART, ...values]);
            expect(status, output).to.equal(0);
            expect(output)
                .to.contain("1 chart(s) linted, 0 chart(s) failed")
                .and.not.match(/\[(WARNING|ERROR)\]/);
        }
    });

    describe("growing", () => {
        it("leaves every object of the first conductors byte for byte as it was, and adds two", () => {
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

        it("names no other conductor's address anywhere", () => {
            for (const object of three) {
                const index = object.metadata.labels?.["metal3-scale-lab/conductor"];
                const others = provisioningIps(3).filter((_, other) => String(other) !== index);
                for (const ip of others) {
                    expect(JSON.stringify(object), identity(object)).not.to.contain(ip);
                }
            }
        });

        it("restarts conductors for a change of their configuration, and only then", () => {
            const checksum = (objects: Rendered[]) =>
                find(objects, "Deployment", "ironic-conductor-0")["spec"].template.metadata.annotations;
            expect(checksum(render({ ...ips(1), "conductor.fastTrack": false }))).not.to.deep.equal(checksum(one));
            expect(checksum(render({ ...ips(1), "conductor.apiProxy.nodeListCacheSeconds": 9 }))).not.to.deep.equal(
                checksum(one),
            );
            expect(
                checksum(render({ ...ips(1), "mariadb.maxConnections": 99, "service.externalIPs": ["192.168.222.2"] })),
            ).to.deep.equal(checksum(one));
        });
    });

    describe("ironic.conf", () => {
        it("binds each conductor to its own address, and to the shared ports", () => {
            for (const [index, ip] of provisioningIps(3).entries()) {
                const { DEFAULT, api, json_rpc, conductor, deploy, service_catalog } = conf(three, index);
                expect(DEFAULT).to.include({ host: ip, my_ip: ip });
                // Behind nginx, at the same address: see "the API".
                expect(api).to.not.have.any.keys("host_ip", "port");
                expect(json_rpc).to.include({ host_ip: ip, port: "8089" });
                expect(conductor).to.include({
                    deploy_kernel: `http://${ip}:6180/boot/ipa.kernel`,
                    deploy_ramdisk: `http://${ip}:6180/boot/ipa.initramfs`,
                });
                expect(deploy).to.include({ http_url: `http://${ip}:6180`, http_root: "/shared/html" });
                expect(service_catalog).to.deep.equal({ auth_type: "none", endpoint_override: `https://${ip}:6385` });
            }
        });

        it("asks for credentials and speaks TLS, to clients and between conductors", () => {
            const { DEFAULT, json_rpc } = conf(one);
            const { api } = conf(render({ ...ips(1), "conductor.apiProxy.enabled": false }));
            const auth = { auth_strategy: "http_basic", http_basic_auth_user_file: "/etc/ironic-auth/htpasswd" };
            const tls = { cert_file: "/etc/ironic-tls/tls.crt", key_file: "/etc/ironic-tls/tls.key" };
            expect(DEFAULT).to.include({ ...auth, rpc_transport: "json-rpc" });
            expect(api).to.include({ ...tls, enable_ssl_api: "true" });
            expect(json_rpc).to.include({ ...auth, ...tls, use_ssl: "true", cafile: "/etc/ironic-tls/ca.crt" });
        });

        it("enables what BMO asks for and defaults to what the fake hosts can do", () => {
            const { DEFAULT } = conf(one);
            for (const [kind, wanted] of Object.entries({
                hardware_types: ["redfish"],
                boot: ["ipxe"],
                deploy: ["direct", "ramdisk", "custom-agent"],
                inspect: ["agent"],
                raid: ["redfish", "no-raid"],
                bios: ["no-bios", "redfish"],
                firmware: ["no-firmware", "redfish"],
                management: ["redfish"],
                power: ["redfish"],
                network: ["noop"],
                vendor: ["redfish"],
            })) {
                const option = kind === "hardware_types" ? `enabled_${kind}` : `enabled_${kind}_interfaces`;
                expect(DEFAULT?.[option]?.split(","), option).to.include.members(wanted);
            }
            // 34.0.0 has no `autodetect`.
            expect(DEFAULT?.["enabled_deploy_interfaces"]).not.to.contain("autodetect");
            expect(DEFAULT).to.include({
                default_deploy_interface: "direct",
                default_inspect_interface: "agent",
                default_network_interface: "noop",
            });
        });

        it("keeps Ironic's caches and http_root in one volume, because it makes hard links between them", () => {
            const { pxe, deploy, conductor } = conf(one);
            for (const directory of [pxe?.["tftp_master_path"], pxe?.["images_path"], deploy?.["http_root"]]) {
                expect(directory).to.match(/^\/shared\//);
            }
            expect(pxe?.["tftp_master_path"]).not.to.equal("");
            // A file:// image is never cached, and threads race for it.
            expect(conductor?.["deploy_kernel"]).to.match(/^http:/);
        });

        it("takes the tuning from the values, as whole numbers", () => {
            const { conductor, api, deploy } = conf(
                render({
                    ...ips(1),
                    "conductor.maxConcurrentClean": 1000000,
                    "conductor.ramdiskHeartbeatTimeout": 60,
                    "conductor.fastTrack": false,
                    "conductor.workersPoolSize": 64,
                }),
            );
            expect(conductor).to.include({
                max_concurrent_clean: "1000000",
                workers_pool_size: "64",
                automated_clean: "true",
            });
            expect(api).to.include({ ramdisk_heartbeat_timeout: "60" });
            expect(deploy).to.include({ fast_track: "false" });
        });

        it("lets extraConfig add sections and override options, but not the chart's own", () => {
            const { conductor, sensor_data, api } = conf(
                render({
                    ...ips(1),
                    "conductor.extraConfig": {
                        conductor: { workers_pool_size: 600 },
                        sensor_data: { send_sensor_data: true },
                        api: { max_limit: 5000 },
                    },
                }),
            );
            expect(conductor).to.include({ workers_pool_size: "600", heartbeat_timeout: "60" });
            expect(sensor_data).to.deep.equal({ send_sensor_data: "true" });
            expect(api).to.include({ max_limit: "5000", unix_socket: "/run/api/ironic.sock" });
            expect(
                refusal({
                    "conductor.extraConfig": {
                        DEFAULT: { host: "me" },
                        api: { unix_socket: "/s" },
                        json_rpc: { port: 1 },
                        database: { connection: "mysql://u:p@h/d" },
                    },
                }),
            )
                .to.contain("conductor.extraConfig.DEFAULT.host: the chart sets it, for each conductor")
                .and.to.contain("conductor.extraConfig.api.unix_socket: the chart sets it, for each conductor")
                .and.to.contain("conductor.extraConfig.json_rpc.port: the chart sets it, for each conductor")
                .and.to.contain("conductor.extraConfig.database.connection: secrets come from existingSecret");
        });
    });

    describe("credentials", () => {
        it("come from the two Secrets, and there is none of the chart's", () => {
            expect(three.filter(({ kind }) => kind === "Secret")).to.deep.equal([]);
            const custom = render({ ...ips(1), existingSecret: "my-credentials", tlsSecret: "my-tls" });
            const names = (node: unknown): string[] => {
                if (Array.isArray(node)) {
                    return node.flatMap(names);
                }
                if (node === null || typeof node !== "object") {
                    return [];
                }
                return Object.entries(node).flatMap(([key, value]) =>
                    key === "secretName"
                        ? [String(value)]
                        : key === "secretKeyRef"
                          ? [(value as { name: string }).name]
                          : names(value),
                );
            };
            expect([...new Set(custom.flatMap(names))]).to.have.members(["my-credentials", "my-tls"]);
        });

        it("are in no ConfigMap: no option that holds one is written", () => {
            for (const { data } of three.filter(({ kind }) => kind === "ConfigMap") as unknown as {
                data: Record<string, string>;
            }[]) {
                for (const [file, text] of Object.entries(data)) {
                    if (file !== "ironic.conf") {
                        continue;
                    }
                    for (const options of Object.values(parseIni(text))) {
                        expect(
                            Object.keys(options).filter((option) => /password|username|connection|token/.test(option)),
                        ).to.deep.equal([]);
                    }
                    expect(text).not.to.match(/:\/\/[^/\s]*@/);
                }
            }
        });

        it("reach Ironic as oslo.config's environment, the database's within its URL", () => {
            const [ironic] = find(one, "Deployment", "ironic-conductor-0")["spec"].template.spec.containers;
            const names = (ironic.env as { name: string; value?: string }[]).map(({ name }) => name);
            expect(names).to.include.members(["OS_JSON_RPC__USERNAME", "OS_JSON_RPC__PASSWORD"]);
            // Kubernetes puts in only what was defined before.
            expect(names.indexOf("MARIADB_PASSWORD")).to.be.lessThan(names.indexOf("OS_DATABASE__CONNECTION"));
            expect(ironic.env.find(({ name }: { name: string }) => name === "OS_DATABASE__CONNECTION").value).to.equal(
                "mysql+pymysql://ironic:$(MARIADB_PASSWORD)@ironic-mariadb.metal3.svc:3306/ironic?charset=utf8",
            );
        });
    });

    describe("pods", () => {
        it("have pinned images, and every container requests CPU and memory", () => {
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
            const digest = `sha256:${"a".repeat(64)}`;
            const pinned = render({
                ...ips(1),
                "images.ironic": { repository: "quay.io/metal3-io/ironic", tag: "v1", digest },
            });
            expect(containers(find(pinned, "Deployment", "ironic-conductor-0"))[0].image).to.equal(
                `quay.io/metal3-io/ironic@${digest}`,
            );
        });

        it("have probes: readiness and liveness of each container that stays, startup where something waits for it", () => {
            for (const workload of workloads(three)) {
                for (const container of containers(workload)) {
                    if (["prepare", "own-data"].includes(container.name)) {
                        continue;
                    }
                    const where = `${identity(workload)} ${container.name}`;
                    expect(container, where).to.have.property("livenessProbe");
                    expect(container, where).to.have.property(
                        container.restartPolicy === "Always" ? "startupProbe" : "readinessProbe",
                    );
                }
            }
        });

        it("run unprivileged, but for the sidecar's two capabilities", () => {
            for (const workload of workloads(render({ ...ips(1), "mariadb.persistence.hostPath": "/data" }))) {
                for (const { name, securityContext } of containers(workload)) {
                    expect(securityContext).to.deep.include({
                        allowPrivilegeEscalation: false,
                        readOnlyRootFilesystem: true,
                    });
                    const added = { "provisioning-ip": ["NET_ADMIN", "NET_RAW"], "own-data": ["CHOWN"] }[
                        name as string
                    ];
                    expect(securityContext.capabilities).to.deep.equal(
                        added ? { drop: ["ALL"], add: added } : { drop: ["ALL"] },
                    );
                    expect(securityContext.runAsNonRoot, name).to.equal(added ? undefined : true);
                }
            }
        });

        it("are chosen by selectors that fit themselves alone", () => {
            const fits = (selector: Record<string, string>, labels: Record<string, string>) =>
                Object.entries(selector).every(([key, value]) => labels[key] === value);
            const all = workloads(three);
            expect(all).to.have.length(5);
            for (const workload of all) {
                const selector = workload["spec"].selector.matchLabels;
                expect(
                    all.filter((other) => fits(selector, other["spec"].template.metadata.labels)).map(identity),
                ).to.deep.equal([identity(workload)]);
            }
            for (const service of three.filter(({ kind, spec }) => kind === "Service" && spec.selector)) {
                expect(
                    all.filter((other) => fits(service["spec"].selector, other["spec"].template.metadata.labels)),
                    identity(service),
                ).to.have.length(1);
            }
        });

        it("mount only volumes they have, and config maps there are", () => {
            for (const workload of workloads(three)) {
                const { volumes } = workload["spec"].template.spec;
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

        it("of conductors share a node: Recreate, its own address's ports only, spread where there are several nodes", () => {
            for (const [index, ip] of provisioningIps(3).entries()) {
                const { spec } = find(three, "Deployment", `ironic-conductor-${index}`);
                const pod = spec.template.spec;
                expect(spec).to.deep.include({ replicas: 1, strategy: { type: "Recreate" } });
                expect(pod).to.include({
                    hostNetwork: true,
                    dnsPolicy: "ClusterFirstWithHostNet",
                    automountServiceAccountToken: false,
                });
                const ports = [...pod.initContainers, ...pod.containers].flatMap(
                    (container: { ports?: { hostPort: number; hostIP: string }[] }) => container.ports ?? [],
                );
                expect(ports.map(({ hostPort }) => hostPort)).to.have.members([6385, 8089, 6180]);
                for (const { hostIP } of ports) {
                    expect(hostIP).to.equal(ip);
                }
                expect(pod.volumes.filter((volume: object) => "hostPath" in volume)).to.deep.equal([]);
                expect(pod.topologySpreadConstraints[0].labelSelector.matchLabels).not.to.have.property(
                    "metal3-scale-lab/conductor",
                );
                // Sidecars stop last: a stopping conductor still needs its address and its boot files.
                expect(
                    pod.initContainers.map(({ name, restartPolicy }: Record<string, string>) => [name, restartPolicy]),
                ).to.deep.equal([
                    ["provisioning-ip", "Always"],
                    ["http", "Always"],
                    ["prepare", undefined],
                ]);
            }
        });
    });

    describe("a restart", () => {
        it("of the conductor is what the sidecar asks for, until it has happened", () => {
            const pod = find(one, "Deployment", "ironic-conductor-0")["spec"].template.spec;
            const { command, livenessProbe, lifecycle } = pod.containers[0];
            const plain = find(
                render({ ...ips(1), "conductor.tunedRuntime": false }),
                "Deployment",
                "ironic-conductor-0",
            )["spec"].template.spec.containers[0];
            const start = ["python3", "-u", "/scripts/start.py"];
            const configuration = ["--config-file", "/etc/ironic-conductor/ironic.conf"];
            expect(plain.command).to.deep.equal([...start, "ironic", ...configuration]);
            expect(command).to.deep.equal([...start, "python3", "/scripts/conductor.py", ...configuration]);
            // nginx looks for the sidecar's file: see "behind nginx".
            expect(livenessProbe.httpGet).to.include({ host: "192.168.222.100", port: 6180, path: "/alive" });
            for (const name of ["provisioning-ip", "http"]) {
                const { volumeMounts } = pod.initContainers.find(
                    (container: { name: string }) => container.name === name,
                );
                expect(volumeMounts.find((mount: { name: string }) => mount.name === "state").mountPath).to.equal(
                    "/run/conductor",
                );
            }
            // Hosts that are locked for ever must not be waited for as a stopping conductor's are.
            expect(livenessProbe.terminationGracePeriodSeconds).to.be.below(pod.terminationGracePeriodSeconds);
            expect(lifecycle.preStop.exec.command.at(-1)).to.match(/^touch \/run\/conductor\/draining/);
        });
    });

    describe("services", () => {
        it("lead to the conductors without a selector; only their sidecars may write the slices, and tell BMO of hosts", () => {
            const service = find(render({ ...ips(2), "service.externalIPs": ["192.168.222.2"] }), "Service", "ironic");
            expect(service["spec"]).to.not.have.property("selector");
            expect(service["spec"].externalIPs).to.deep.equal(["192.168.222.2"]);
            const [slice] = find(two, "Deployment", "ironic-conductor-1")["spec"].template.spec.initContainers;
            const env = Object.fromEntries(
                slice.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
            );
            expect(env).to.include({
                SERVICE_NAME: "ironic",
                SLICE_NAME: "ironic-conductor-1",
                PROVISIONING_IP: "192.168.222.101",
            });
            expect(find(two, "Role", "ironic-conductor")["rules"]).to.deep.equal([
                {
                    apiGroups: ["discovery.k8s.io"],
                    resources: ["endpointslices"],
                    verbs: ["create", "patch", "delete"],
                },
                { apiGroups: ["metal3.io"], resources: ["baremetalhosts"], verbs: ["patch"] },
            ]);
        });

        it("serve the OS image with the checksum of what is served", () => {
            const files = { "os.raw": "abc\n", "b.raw": "é" };
            const map = find(render({ ...ips(1), "imageServer.files": files }), "ConfigMap", "ironic-image-server");
            for (const [file, content] of Object.entries(files)) {
                const decode = (key: string) => Buffer.from(map["binaryData"][key], "base64").toString();
                expect(decode(file)).to.equal(content);
                expect(decode(`${file}.sha256sum`)).to.equal(
                    `${createHash("sha256").update(content).digest("hex")}  ${file}\n`,
                );
            }
        });
    });

    describe("MariaDB", () => {
        const claim = (objects: Rendered[]) => find(objects, "PersistentVolumeClaim", "ironic-mariadb")["spec"];

        it("keeps its data in a claim that goes with the release", () => {
            const { spec } = find(one, "StatefulSet", "ironic-mariadb");
            expect(spec).to.not.have.property("volumeClaimTemplates");
            expect(spec.template.spec.volumes[0].persistentVolumeClaim.claimName).to.equal("ironic-mariadb");
            expect(claim(one))
                .to.deep.include({ resources: { requests: { storage: "4Gi" } } })
                .and.not.have.property("storageClassName");
        });

        it("takes a class, no class, a directory of the node, an existing claim, or nothing", () => {
            expect(
                claim(render({ "mariadb.persistence.storageClass": "fast", "mariadb.persistence.size": "9Gi" })),
            ).to.deep.include({ storageClassName: "fast", resources: { requests: { storage: "9Gi" } } });
            expect(claim(render({ "mariadb.persistence.storageClass": "-" }))).to.include({ storageClassName: "" });
            const local = render({ "mariadb.persistence.hostPath": "/data" });
            const volume = find(local, "PersistentVolume", "metal3-ironic-mariadb")["spec"];
            expect(volume).to.deep.include({
                hostPath: { path: "/data", type: "DirectoryOrCreate" },
                claimRef: { namespace: "metal3", name: "ironic-mariadb" },
            });
            expect(claim(local)).to.include({ storageClassName: "", volumeName: "metal3-ironic-mariadb" });
            expect(render({ "mariadb.persistence.existingClaim": "mine" }).map(({ kind }) => kind)).to.not.include(
                "PersistentVolumeClaim",
            );
            const volatile = render({ "mariadb.persistence.enabled": false });
            expect(find(volatile, "StatefulSet", "ironic-mariadb")["spec"].template.spec.volumes[0]).to.have.property(
                "emptyDir",
            );
        });

        it("is left out for a database that is there", () => {
            const objects = render({
                ...ips(1),
                "mariadb.external": { host: "db.example.org", port: 3307, database: "bm", user: "bmu" },
            });
            expect(objects.filter(({ metadata }) => metadata.name.includes("mariadb"))).to.deep.equal([]);
            const [ironic] = find(objects, "Deployment", "ironic-conductor-0")["spec"].template.spec.containers;
            expect(JSON.stringify(ironic.env)).to.contain(
                "mysql+pymysql://bmu:$(MARIADB_PASSWORD)@db.example.org:3307/bm?charset=utf8",
            );
        });
    });

    it("puts the usual labels on every object, and common ones", () => {
        for (const { metadata } of render({
            ...ips(2),
            commonLabels: { team: "lab" },
            commonAnnotations: { note: "x" },
        })) {
            expect(metadata.labels).to.include({
                "app.kubernetes.io/name": "ironic",
                "app.kubernetes.io/instance": "ironic",
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/version": "34.0.0",
                team: "lab",
            });
            expect(metadata.annotations).to.include({ note: "x" });
        }
    });

    it("names objects after the release, so that two fit into one namespace", () => {
        const [a, b] = ["a", "b"].map((release) => render(ips(2), release).map(identity)) as [string[], string[]];
        expect(a.filter((name) => b.includes(name))).to.deep.equal([]);
        expect(a).to.include("Deployment/a-ironic-conductor-1");
    });

    describe("refuses", () => {
        const cases: [string, object, RegExp][] = [
            ["no conductor", { "provisioning.ips": [] }, /provisioning\/ips.*minItems/],
            [
                "an address twice",
                { "provisioning.ips": ["192.168.222.100", "192.168.222.100"] },
                /provisioning\/ips.*(equal|unique)/,
            ],
            ["what is no address", { "provisioning.ips": ["192.168.222.300"] }, /provisioning\/ips\/0.*pattern/],
            [
                "an address of another network",
                { "provisioning.ips": ["10.0.0.5"] },
                /provisioning\.ips\[0\]: 10\.0\.0\.5 is not in provisioning\.cidr 192\.168\.222\.0\/24/,
            ],
            ["what is no network", { "provisioning.cidr": "192.168.222.0" }, /provisioning\/cidr.*pattern/],
            ["a floating tag", { "images.mariadb.tag": "latest" }, /images\.mariadb\.tag: latest is a floating tag/],
            ["a wrong digest", { "images.ironic.digest": "sha256:abc" }, /images\/ironic\/digest.*pattern/],
            ["no credentials", { existingSecret: "" }, /existingSecret.*pattern/],
            [
                "a word for a number",
                { "conductor.workersPoolSize": "many" },
                /conductor\/workersPoolSize.*want integer/,
            ],
            ["a fraction", { "conductor.heartbeatTimeout": 1.5 }, /conductor\/heartbeatTimeout.*want integer/],
            ["too few threads for Ironic", { "conductor.workersPoolSize": 3 }, /conductor\/workersPoolSize.*minimum/],
            [
                "an answer kept too long",
                { "conductor.apiProxy.nodeListCacheSeconds": 3600 },
                /conductor\/apiProxy\/nodeListCacheSeconds.*maximum/,
            ],
            [
                "signs of life too rare",
                { "conductor.heartbeatInterval": 60 },
                /conductor\.heartbeatInterval: 60 must be below conductor\.heartbeatTimeout 60/,
            ],
            [
                "an unknown value",
                { "conductor.fasttrack": true },
                /conductor.*additional properties 'fasttrack' not allowed/,
            ],
            ["an unknown key", { replicas: 3 }, /additional properties 'replicas' not allowed/],
            ["a size without unit", { "mariadb.persistence.size": "4" }, /mariadb\/persistence\/size.*pattern/],
            [
                "two places for the data",
                { "mariadb.persistence.hostPath": "/d", "mariadb.persistence.storageClass": "c" },
                /mariadb\.persistence\.hostPath: excludes storageClass/,
            ],
            [
                "a password in extraConfig",
                { "conductor.extraConfig": { json_rpc: { password: "x" } } },
                /conductor\.extraConfig\.json_rpc\.password: secrets come from existingSecret/,
            ],
        ];
        for (const [what, values, message] of cases) {
            it(what, () => expect(refusal(values)).to.match(message));
        }

        it("says several problems at once", () => {
            expect(
                refusal({
                    "provisioning.ips": ["10.0.0.5", "192.168.222.100", "10.0.0.6"],
                    "conductor.heartbeatInterval": 99,
                }),
            )
                .to.match(/ips\[0\]: 10\.0\.0\.5/)
                .and.to.match(/ips\[2\]: 10\.0\.0\.6/)
                .and.to.match(/heartbeatInterval: 99/);
        });
    });
});
