import { expect } from "chai";
import * as fc from "fast-check";
import { livingLab } from "../../plan/change/living-lab";
import { changeProblems } from "../../plan/change/problems";
import type { Effect } from "../../plan/config/definition";
import { keys, type Key } from "../../plan/config/keys";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { living, problems, resourcesOf, STACK, wrongKeys, type Raw } from "./living-lab";

const keysWith = (effect: Effect): Key[] =>
    (Object.keys(keys) as Key[]).filter((key) => keys[key].effects.includes(effect));

const EXISTING = { substrate: "existing" };
const MINIKUBE = { substrate: "minikube", minikubeCpus: "4", minikubeMemory: "10240" };

describe("A change of a living lab", () => {
    it("is none where nothing is changed, whatever the lab is", () => {
        for (const raw of [
            {},
            MINIKUBE,
            { ...MINIKUBE, minikubeDriver: "docker" },
            { nodes: "300", apiPort: "7000" },
            { fakeNodes: "kubernetes" },
            EXISTING,
            { ...EXISTING, namespace: "lab", storageClass: "fast", fakeApiServers: "2" },
        ]) {
            expect(problems(living(raw), raw)).to.deep.equal([]);
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
                namespace: "metal3",
                storageClass: "lab-node",
            },
            clusters: {
                "cluster-0000": { version: "v1.34.2", controlPlaneNodes: 1, workerNodes: 0, fakeApiServer: 0 },
            },
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
            namespace: { ...EXISTING, namespace: "other" },
            storageClass: { ...EXISTING, storageClass: "other" },
            fakeNodes: { fakeNodes: "kubernetes" },
            bmcProtocol: { bmcProtocol: "https" },
            bmcDriver: { bmcDriver: "redfish-virtualmedia" },
            bootMode: { bootMode: "UEFI" },
        };
        expect(Object.keys(other)).to.have.members(keysWith("another lab"));
        for (const [key, raw] of Object.entries(other)) {
            const onDocker = raw["minikubeBaseImage"] !== undefined;
            const onMinikube = onDocker ? { ...MINIKUBE, minikubeDriver: "docker" } : MINIKUBE;
            const same = raw["substrate"] === "existing" ? EXISTING : onMinikube;
            const before = living(raw["substrate"] === undefined || key === "substrate" ? {} : same);
            expect(wrongKeys(before, raw), key).to.deep.equal([key]);
            expect(problems(before, raw)[0], key).to.include("npm run up -- --replace");
        }
    });

    it("is one problem where the substrate is another: what belongs to the old one means nothing on the new", () => {
        const before = living({ ...MINIKUBE, minikubeDriver: "docker", podCidr: "10.8.0.0/16" });
        expect(wrongKeys(before, {})).to.deep.equal(["substrate"]);
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

describe("A change of nodesPerPair", () => {
    const size = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    const raw = (nodes: number, each: number | undefined): Raw => ({
        clusters: "0",
        nodes: String(nodes),
        provisioningCidr: "172.20.0.0/16",
        ...(each === undefined ? {} : { nodesPerPair: String(each) }),
    });

    it("is refused where a host that stays would move, and only there", () => {
        const nodes = fc.integer({ min: 0, max: 60 });
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
            'nodesPerPair = "3": host-0002 would move to another pair, and BMO refuses another BMC address for a ' +
                "host that is there: set it back, lower nodes to 2 or less first, or have the lab taken away and " +
                "another one made in its place: npm run up -- --replace --stack test",
        ]);
        expect(problems(living({}), { nodesPerPair: "1" })[0]).to.include("3 hosts, from host-0001 to host-0003,");
    });
});

describe("A change of hostProfiles", () => {
    const raw = (nodes: number, shares: object): Raw => ({
        ...{ clusters: "0", nodes: String(nodes), provisioningCidr: "172.20.0.0/16" },
        hostProfiles: JSON.stringify(shares),
    });
    const shares = fc.dictionary(fc.constantFrom("small", "rack", "edge"), fc.integer({ min: 1, max: 9 }), {
        minKeys: 1,
    });

    it("is refused where a host that stays would be another machine, and only there", () => {
        const nodes = fc.integer({ min: 0, max: 30 });
        fc.assert(
            fc.property(nodes, shares, nodes, shares, (before, from, after, into) => {
                const old = plan(validate(raw(before, from)), STACK).hosts;
                const now = plan(validate(raw(after, into)), STACK).hosts;
                const changes = now.some(({ profile }, index) => (old[index]?.profile ?? profile) !== profile);
                const expected = changes ? ["hostProfiles"] : [];
                expect(wrongKeys(living(raw(before, from)), raw(after, into))).to.deep.equal(expected);
            }),
            { numRuns: 200 },
        );
    });

    it("names the hosts and the way out, also in a lab that an earlier version made", () => {
        expect(problems(living({}), { hostProfiles: '{"small":9,"rack":1}', nodes: "5" })).to.deep.equal([]);
        expect(problems(living({}), { hostProfiles: '{"small":3,"rack":1}' })).to.deep.equal([
            'hostProfiles = "{\\"small\\":3,\\"rack\\":1}": host-0001 would be another machine (host-0001: rack, is ' +
                "small), and the hardware of a host that is there does not change: set it back, lower nodes to 1 or " +
                "less first, or have the lab taken away and another one made in its place: " +
                "npm run up -- --replace --stack test",
        ]);
        expect(problems(living({}), { hostProfiles: '{"rack":1}' })[0]).to.include(
            "4 hosts, of which the first is host-0000, would be another machine (host-0000: rack, is small)",
        );
    });
});

describe("A change of apiPort", () => {
    it("is taken by a lab whose cluster has an identifier", () => {
        expect(problems(living({}), { apiPort: "16500" })).to.deep.equal([]);
    });

    it("is refused by a lab of an earlier version, of which every object would be replaced", () => {
        const old = livingLab(STACK, resourcesOf({ apiPort: "7000" }, {}));
        expect(problems(livingLab(STACK, resourcesOf({}, {})), {})).to.deep.equal([]);
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
                for (const { key, rule } of changeProblems(living(before), after)) {
                    expect(Object.keys(keys)).to.include(key);
                    expect(rule).to.not.match(/undefined|NaN/);
                }
            }),
        );
    });
});
