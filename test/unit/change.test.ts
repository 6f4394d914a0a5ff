import { expect } from "chai";
import * as fc from "fast-check";
import { livingLab, type LivingLab, type StackResources } from "../../plan/change/living-lab";
import { changeProblems } from "../../plan/change/problems";
import type { Effect } from "../../plan/config/definition";
import { keys, type Key } from "../../plan/config/keys";
import { plan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { ConfigurationError, validate } from "../../plan/validate";

type Raw = Record<string, string>;

const STACK = "test";

/** The resources that Pulumi has of a lab with this configuration, as far as the program reads them. */
function resourcesOf(raw: Raw, clusterIdentifier: string | undefined = "m3lab-test"): StackResources {
    const config = validate(raw);
    const planned = plan(config, STACK);
    const resources: StackResources = {};
    const add = (type: string, name: string, outputs: object): void => {
        resources[`urn:pulumi:${STACK}::metal3-scale-lab::metal3lab:index:Lab$${type}::${name}`] = { type, outputs };
    };
    const { podCidr, serviceCidr } = config;
    add("docker:index/network:Network", "kubernetes-provisioning", {
        ipamConfigs: [{ subnet: config.provisioningCidr }],
    });
    add("pulumi:providers:kubernetes", "kubernetes-kubernetes", { kubeconfig: "", clusterIdentifier });
    add("pulumi:providers:kubernetes", "charts", { kubeconfig: "" });
    if (config.substrate === "embedded") {
        add("docker:index/container:Container", "kubernetes-control-plane", {
            envs: ["NODE_NAME=x", `POD_CIDR=${podCidr}`, `SERVICE_CIDR=${serviceCidr}`],
            ports: [{ internal: 6443, external: substrateOf("embedded", planned).node.apiPort, ip: "127.0.0.1" }],
        });
    } else {
        const { driver, cpus, memoryMib, diskGib, libvirt } = substrateOf("minikube", planned);
        const network = libvirt && { libvirt: { uri: libvirt.uri, network: libvirt.network.name } };
        const baseImage = config.minikubeBaseImage === "built" ? "metal3-scale-lab/minikube-base:0123" : undefined;
        const machine = { driver, podCidr, serviceCidr, cpus, memoryMib, diskGib, baseImage, ...network };
        add("command:local:Command", "kubernetes-machine", {
            environment: { MINIKUBE_MACHINE: JSON.stringify(machine) },
        });
    }
    for (const { name, bmcAddress } of planned.hosts) {
        add("kubernetes:metal3.io/v1alpha1:BareMetalHost", name, {
            metadata: { name },
            spec: { bmc: { address: bmcAddress } },
        });
    }
    for (const { name } of planned.clusters) {
        const { kubernetesVersion: version, controlPlaneNodes, workerNodes } = config;
        const workers = workerNodes === 0 ? {} : { workers: { machineDeployments: [{ replicas: workerNodes }] } };
        add("kubernetes:cluster.x-k8s.io/v1beta2:Cluster", name, {
            metadata: { name },
            spec: { topology: { version, controlPlane: { replicas: controlPlaneNodes }, ...workers } },
        });
    }
    return resources;
}

const living = (raw: Raw): LivingLab => livingLab(STACK, resourcesOf(raw));

/** The problems of a change, as a person reads them. */
function problems(before: LivingLab, after: Raw): string[] {
    try {
        validate(after, { living: before });
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems.map(({ key, value, rule }) => `${key} = ${value}: ${rule}`);
        }
        throw error;
    }
    return [];
}

/** The keys that a change has problems with. */
const wrongKeys = (before: LivingLab, after: Raw): string[] =>
    problems(before, after).map((problem) => problem.split(" = ")[0] as string);

const keysWith = (effect: Effect): Key[] =>
    (Object.keys(keys) as Key[]).filter((key) => (keys[key].effects as readonly Effect[]).includes(effect));

const MINIKUBE = { substrate: "minikube", minikubeCpus: "4", minikubeMemory: "10240" };

describe("A change of a living lab", () => {
    it("is none where nothing is changed, whatever the lab is", () => {
        for (const raw of [
            {},
            MINIKUBE,
            { ...MINIKUBE, minikubeDriver: "docker" },
            { nodes: "300", apiPort: "7000" },
        ]) {
            expect(problems(living(raw as Raw), raw as Raw)).to.deep.equal([]);
        }
    });

    it("is never refused before the first up, and not where an interrupted one made nothing that keeps a value", () => {
        const raw = { kubernetesVersion: "v1.30.0", podCidr: "10.8.0.0/16", nodesPerPair: "1", apiPort: "7000" };
        expect(problems(livingLab(STACK, {}), raw)).to.deep.equal([]);
        const stack = { "urn:pulumi:test::x::pulumi:pulumi:Stack::x-test": { type: "pulumi:pulumi:Stack" } };
        expect(problems(livingLab(STACK, stack), raw)).to.deep.equal([]);
    });

    it("is read from the resources of the stack, whose half may be missing", () => {
        const lab = living({ nodes: "1", clusters: "1", workerNodes: "0", kubernetesVersion: "v1.34.2" });
        expect(lab).to.deep.include({
            stack: STACK,
            identified: true,
            kept: {
                provisioningCidr: "192.168.222.0/24",
                substrate: "embedded",
                podCidr: "10.244.0.0/16",
                serviceCidr: "10.96.0.0/16",
            },
            clusters: { "cluster-0000": { version: "v1.34.2", controlPlaneNodes: 1, workerNodes: 0 } },
        });
        expect(lab.hosts["host-0000"]).to.match(/^redfish\+http:\/\/192\.168\.222\.16:8000\//);
        const bare = Object.fromEntries(Object.entries(resourcesOf({})).map(([urn, { type }]) => [urn, { type }]));
        expect(livingLab(STACK, bare)).to.deep.include({ hosts: {}, clusters: {} });
    });

    it("is refused for every key that makes another lab, with what to do", () => {
        const other: Record<string, Raw> = {
            substrate: MINIKUBE,
            provisioningCidr: { provisioningCidr: "192.168.9.0/24" },
            podCidr: { podCidr: "10.8.0.0/16" },
            serviceCidr: { serviceCidr: "10.9.0.0/16" },
            minikubeDriver: { ...MINIKUBE, minikubeDriver: "docker" },
            minikubeCpus: { ...MINIKUBE, minikubeCpus: "5" },
            minikubeMemory: { ...MINIKUBE, minikubeMemory: "20000" },
            minikubeDisk: { ...MINIKUBE, minikubeDisk: "60" },
            minikubeBaseImage: { ...MINIKUBE, minikubeDriver: "docker", minikubeBaseImage: "kicbase:v9" },
            libvirtUri: { ...MINIKUBE, libvirtUri: "qemu:///system?socket=/run/x" },
            libvirtNetwork: { ...MINIKUBE, libvirtNetwork: "other" },
        };
        expect(Object.keys(other)).to.have.members(keysWith("another lab"));
        for (const [key, raw] of Object.entries(other)) {
            const onDocker = raw["minikubeBaseImage"] !== undefined;
            const same = onDocker ? { ...MINIKUBE, minikubeDriver: "docker" } : MINIKUBE;
            const before = living(raw["substrate"] === undefined || key === "substrate" ? {} : same);
            expect(wrongKeys(before, raw), key).to.deep.equal([key]);
            expect(problems(before, raw)[0], key).to.include("npm run down");
        }
    });

    it("names all problems at once, those of the configuration itself among them", () => {
        const raw = { nodes: "many", podCidr: "10.8.0.0/16", kubernetesVersion: "v1.35.3", nodez: "1" };
        expect(wrongKeys(living({}), raw)).to.have.members(["nodes", "nodez", "podCidr", "kubernetesVersion"]);
    });

    it("tells minikube's own image from one that is built, whose reference follows the checkout", () => {
        const docker = { ...MINIKUBE, minikubeDriver: "docker" };
        expect(problems(living(docker), { ...docker, minikubeBaseImage: "built" })[0]).to.match(
            /^minikubeBaseImage = "built": this lab was made without it, .*pulumi config rm minikubeBaseImage/,
        );
        const built = { ...docker, minikubeBaseImage: "built" };
        expect(problems(living(built), built)).to.deep.equal([]);
        expect(wrongKeys(living(built), { ...docker, minikubeBaseImage: "kicbase:v9" })).to.have.length(1);
    });

    it("leaves the sizes of a machine to the lab where no key sets them", () => {
        const before = living({ substrate: "minikube", minikubeCpus: "8" });
        expect(problems(before, { substrate: "minikube", nodes: "1000" })).to.deep.equal([]);
    });
});

describe("A change of kubernetesVersion", () => {
    const at = (version: string, raw: Raw = {}): LivingLab => living({ ...raw, kubernetesVersion: version });
    const to = (kubernetesVersion: string, raw: Raw = {}): Raw => ({ ...raw, kubernetesVersion });

    it("is refused downwards, also by a patch", () => {
        const rule = "must not be below v1.35.4, which clusters of this lab have: Cluster API lowers no version";
        expect(problems(at("v1.35.4"), to("v1.35.3"))).to.deep.equal([`kubernetesVersion = "v1.35.3": ${rule}`]);
        expect(wrongKeys(at("v1.36.0"), {})).to.deep.equal(["kubernetesVersion"]);
    });

    it("is refused while a cluster has a version that the ClusterClass does not list", () => {
        const old = at("v1.35.4");
        old.clusters["cluster-0001"] = { version: "v1.29.3", controlPlaneNodes: 1, workerNodes: 0 };
        expect(problems(old, {})[0]).to.match(/^kubernetesVersion = "v1.35.4": clusters of this lab have v1.29.3, which/);
    });

    it("is refused where no host is free, with the number of hosts it takes", () => {
        const full = { nodes: "8", clusters: "2", controlPlaneNodes: "3", workerNodes: "1" };
        expect(problems(at("v1.35.4", full), to("v1.36.0", full))).to.deep.equal([
            'kubernetesVersion = "v1.36.0": rolls every machine, and the host of a new one has to be there before ' +
                "the old one goes: 8 hosts have 8 machines; set nodes to 9 or more as well",
        ]);
        expect(problems(at("v1.35.4", full), to("v1.36.0", { ...full, nodes: "9" }))).to.deep.equal([]);
        expect(problems(at("v1.35.4", full), to("v1.36.0", { ...full, clusters: "1" }))).to.deep.equal([]);
    });

    it("is held against the clusters that stay, and those half on their way", () => {
        const mixed = at("v1.34.2");
        mixed.clusters["cluster-0001"] = { version: "v1.35.4", controlPlaneNodes: 1, workerNodes: 0 };
        expect(wrongKeys(mixed, to("v1.34.2"))).to.deep.equal(["kubernetesVersion"]);
        expect(wrongKeys(mixed, to("v1.36.0", { nodes: "2" }))).to.deep.equal(["kubernetesVersion"]);
        expect(problems(mixed, to("v1.35.4"))).to.deep.equal([]);
        expect(problems(mixed, to("v1.34.2", { clusters: "1" }))).to.deep.equal([]);
        expect(problems(mixed, to("v1.30.0", { clusters: "0" }))).to.deep.equal([]);
    });

    it("is taken exactly where Cluster API takes it, for any two versions", () => {
        const version = fc.tuple(fc.integer({ min: 30, max: 36 }), fc.integer({ min: 0, max: 9 }));
        fc.assert(
            fc.property(version, version, ([oldMinor, oldPatch], [minor, patch]) => {
                const taken = minor > oldMinor || (minor === oldMinor && patch >= oldPatch);
                const found = problems(at(`v1.${oldMinor}.${oldPatch}`), to(`v1.${minor}.${patch}`));
                expect(found.length === 0).to.equal(taken);
            }),
        );
    });
});

describe("A change of nodesPerPair", () => {
    const size = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    const raw = (nodes: number, each: number | undefined): Raw => ({
        clusters: "0",
        nodes: String(nodes),
        provisioningCidr: "172.20.0.0/16",
        ...(each === undefined ? {} : { nodesPerPair: String(each) }),
    });

    it("is refused where a host that stays would move, and only there", () => {
        const nodes = fc.integer({ min: 0, max: 150 });
        fc.assert(
            fc.property(nodes, size, nodes, size, (before, from, after, into) => {
                const old = plan(validate(raw(before, from)), STACK).hosts;
                const now = plan(validate(raw(after, into)), STACK).hosts;
                const moves = now.some((host, index) => old[index] !== undefined && old[index].pair !== host.pair);
                const expected = moves ? ["nodesPerPair"] : [];
                expect(wrongKeys(living(raw(before, from)), raw(after, into))).to.deep.equal(expected);
            }),
            { numRuns: 300 },
        );
    });

    it("names the hosts that would move and the way out", () => {
        expect(problems(living({}), { nodesPerPair: "3" })).to.deep.equal([
            'nodesPerPair = "3": host-0002 would move to another pair, and BMO refuses another BMC address for a host ' +
                "that is there: set it back, or lower nodes to 2 or less first",
        ]);
        expect(problems(living({}), { nodesPerPair: "1" })[0]).to.include("3 hosts, from host-0001 to host-0003,");
    });
});

describe("A change of apiPort", () => {
    it("is taken by a lab whose cluster has an identifier", () => {
        expect(problems(living({}), { apiPort: "16500" })).to.deep.equal([]);
    });

    it("is refused by a lab of an earlier version, of which every object would be replaced", () => {
        const old = livingLab(STACK, resourcesOf({ apiPort: "7000" }));
        old.identified = false;
        expect(problems(old, { apiPort: "7000" })).to.deep.equal([]);
        expect(problems(old, {})[0]).to.match(/^apiPort = \(not set\): this lab has 7000, .*set apiPort 7000/);
        expect(wrongKeys(old, { apiPort: "7001" })).to.deep.equal(["apiPort"]);
    });
});

describe("The rules for changes", () => {
    it("never fail, whatever the lab and the configuration are, and name keys only", () => {
        const cidr = fc.constantFrom("192.168.222.0/24", "10.244.0.0/16", "172.20.0.0/12");
        const values = fc.record(
            {
                nodes: fc.integer({ min: 0, max: 300 }),
                clusters: fc.integer({ min: 0, max: 300 }),
                nodesPerPair: fc.integer({ min: 1, max: 500 }),
                provisioningCidr: cidr,
                podCidr: cidr,
                apiPort: fc.integer({ min: 1024, max: 65535 }),
                kubernetesVersion: fc.constantFrom("v1.30.0", "v1.35.4", "v1.36.0"),
            },
            { requiredKeys: [] },
        );
        fc.assert(
            fc.property(fc.constantFrom({}, MINIKUBE), values, (before, after) => {
                for (const { key, rule } of changeProblems(living(before as Raw), after)) {
                    expect(Object.keys(keys)).to.include(key);
                    expect(rule).to.not.match(/undefined|NaN/);
                }
            }),
        );
    });
});
