import { execFileSync } from "node:child_process";
import * as bcrypt from "bcryptjs";
import { expect } from "chai";
import * as fc from "fast-check";
import { installInput } from "../../components/cluster-api";
import { bcryptHash } from "../../components/credentials";
import { objectToken } from "../../components/kubernetes-object";
import { serviceBlocks } from "../../plan/cluster-services";
import { fullReference, joinReference, referenceParts } from "../../plan/image-reference";
import { pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import { validate } from "../../plan/validate";
import { Images } from "../../prepare/images";

const python = (program: string, input: string): string =>
    execFileSync("python3", ["-c", program], { input, encoding: "utf8" });

describe("The htpasswd line", () => {
    it("is accepted for its password alone, and is the same at every run", () => {
        expect(bcrypt.compareSync("secret", bcryptHash("secret"))).to.equal(true);
        expect(bcrypt.compareSync("other", bcryptHash("secret"))).to.equal(false);
        expect(bcryptHash("secret")).to.equal(bcryptHash("secret")).and.not.equal(bcryptHash("secret2"));
        expect(bcryptHash("secret")).to.match(/^\$2b\$04\$/);
    });
});

describe("The configuration of a pair", () => {
    it("is Python that evaluates to the values that were given", () => {
        const values = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), fc.jsonValue());
        const program = "import json,sys; scope={}; exec(sys.stdin.read(),{},scope); print(json.dumps(scope))";
        fc.assert(
            fc.property(values, (assigned) => {
                expect(JSON.parse(python(program, pythonAssignments(assigned)))).to.deep.equal(
                    JSON.parse(JSON.stringify(assigned)),
                );
            }),
            { numRuns: 15 },
        );
    });

    it("lists every host of the pair's range, whatever the number of hosts", () => {
        const config = validate({ nodes: "5", clusters: "0" });
        const last = plan(config, "dev").pairs.at(-1);
        if (!last) {
            throw new Error("no pair");
        }
        const systems = pairConfiguration(last, config, "https://192.168.222.2:6385")[
            "SUSHY_EMULATOR_FAKE_SYSTEMS"
        ] as { uuid: string }[];
        expect(systems).to.have.length(4);
        expect(new Set(systems.map(({ uuid }) => uuid)).size).to.equal(4);
    });

    it("refuses a value for which Python has no literal", () =>
        expect(() => pythonAssignments({ A: undefined })).to.throw(TypeError, "no Python literal"));
});

describe("An image reference", () => {
    const references: [string, object][] = [
        ["metal3-scale-lab/ironic:abc", { repository: "metal3-scale-lab/ironic", tag: "abc" }],
        ["localhost:5000/a/b:1.2", { repository: "localhost:5000/a/b", tag: "1.2" }],
        ["localhost:5000/a/b@sha256:00", { repository: "localhost:5000/a/b", digest: "sha256:00" }],
    ];
    for (const [reference, parts] of references) {
        it(`The reference ${reference} is taken apart and put together again`, () => {
            expect(referenceParts(reference)).to.deep.equal(parts);
            expect(joinReference(referenceParts(reference))).to.equal(reference);
        });
    }

    it("A reference is put together with its digest rather than its tag, and needs at least one of the two", () => {
        const digest = "sha256:00";
        expect(joinReference({ repository: "quay.io/b", tag: "v1", digest })).to.equal(`quay.io/b@${digest}`);
        expect(() => joinReference({ repository: "quay.io/b" })).to.throw("neither a tag nor a digest");
    });

    const full: [string, string][] = [
        ["registry.k8s.io/a/b:v1", "registry.k8s.io/a/b:v1"],
        ["localhost/b:v1", "localhost/b:v1"],
        ["host:5000/b:v1", "host:5000/b:v1"],
        ["a/b:v1", "docker.io/a/b:v1"],
        ["b:v1", "docker.io/library/b:v1"],
    ];
    for (const [reference, expected] of full) {
        it(`The reference ${reference} is, with its registry, ${expected}`, () =>
            expect(fullReference(reference)).to.equal(expected));
    }
});

describe("The ports of the fake API servers", () => {
    it("are all opened exactly once, in blocks that one more cluster does not change", () => {
        fc.assert(
            fc.property(
                fc.integer({ min: 1, max: 1200 }),
                fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
                (clusters, servers) => {
                    const raw = {
                        provisioningCidr: "172.20.0.0/16",
                        nodes: String(clusters),
                        clusters: String(clusters),
                        ...(servers && servers <= clusters ? { fakeApiServers: String(servers) } : {}),
                    };
                    const planned = plan(validate(raw), "dev");
                    const blocks = serviceBlocks(planned);
                    const ports = blocks.flatMap(({ server, ports: opened }) =>
                        opened.map((port) => `${server.index} ${port}`),
                    );
                    expect(new Set(ports).size).to.equal(ports.length);
                    for (const { port, fakeApiServer } of planned.clusters) {
                        expect(ports).to.include(`${fakeApiServer} ${port}`);
                    }
                    expect(Math.max(...blocks.map((block) => block.ports.length))).to.be.at.most(50);
                },
            ),
            { numRuns: 20 },
        );
    });
});

describe("The token of a Kubernetes object", () => {
    it("spells the core group out, as the provider does", () => {
        expect(objectToken({ apiVersion: "v1", kind: "Secret" })).to.equal("kubernetes:core/v1:Secret");
        expect(objectToken({ apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" })).to.equal(
            "kubernetes:metal3.io/v1alpha1:BareMetalHost",
        );
    });
});

describe("The input of clusterctl init", () => {
    interface Input {
        deprecatedVersions: boolean;
        webhooksOfEveryUpdate: boolean;
        controllers: Record<
            string,
            { args?: Record<string, unknown>; env: object; requests?: object; imagePullSecrets?: object[] }
        >;
    }
    const input = (raw: Record<string, string>): Input => {
        const config = validate(raw);
        return JSON.parse(
            installInput({ config, images: new Images(config.images), plan: plan(config, "dev") }, "kubeconfig", {
                cert: "c",
                key: "k",
            }),
        ) as Input;
    };
    const told = (raw: Record<string, string>): Input["controllers"] => input(raw).controllers;

    it("gives each controller a CPU weight, without which it starves beside the conductors", () => {
        for (const [name, { requests }] of Object.entries(told({}))) {
            expect(requests, name).to.have.property("cpu");
        }
    });

    it("names the pull secrets for each controller, and none where the lab has none", () => {
        const of = (raw: Record<string, string>) => Object.values(told(raw)).map((each) => each.imagePullSecrets);
        expect(of({ imagePullSecrets: '["pull"]' })).to.deep.equal(Array<object>(5).fill([{ name: "pull" }]));
        expect(of({})).to.deep.equal(Array<undefined>(5).fill(undefined));
    });

    it("drops deprecated API versions, so that no object is converted, except in the published profile", () => {
        expect(input({})).to.include({ deprecatedVersions: false });
        expect(input({ tuning: "published" })).to.include({ deprecatedVersions: true });
    });

    it("has webhooks called for changes only, except in the published profile", () => {
        expect(input({})).to.include({ webhooksOfEveryUpdate: false });
        expect(input({ tuning: "published" })).to.include({ webhooksOfEveryUpdate: true });
    });

    it("lets probes wait 10 s, because a busy machine restarts a controller that has upstream's 1 s", () => {
        for (const [name, controller] of Object.entries(told({}))) {
            expect(controller, name).to.include({ probeTimeoutSeconds: 10 });
        }
        for (const [name, controller] of Object.entries(told({ tuning: "published" }))) {
            expect(controller, name).to.not.have.property("probeTimeoutSeconds");
        }
    });

    it("has upstream's own settings in the published profile", () => {
        const { core, controlPlane, infrastructure, ipam } = told({ tuning: "published" });
        expect(core).to.not.have.property("requests");
        expect(core?.args).to.deep.equal({ "kube-api-qps": 20, "kube-api-burst": 30 });
        expect(controlPlane?.args).to.deep.equal(core?.args);
        expect(infrastructure?.args)
            .to.include({ "metal3machine-concurrency": 10 })
            .and.not.have.any.keys("metal3machinetemplate-concurrency", "metal3labelsync-concurrency");
        expect(ipam?.args).to.deep.equal({});
    });

    it("has controllers work on as many objects at a time as the plan says", () => {
        const { core, controlPlane, bootstrap, infrastructure } = told({});
        expect(core?.args).to.include({ "cluster-concurrency": 3, "sync-period": "6h", "leader-elect": false });
        expect(controlPlane?.args)
            .to.include({ "kubeadmcontrolplane-concurrency": 3 })
            .and.not.have.property("cluster-concurrency");
        expect(bootstrap?.args).to.include({ "kubeadmconfig-concurrency": 3 });
        expect(infrastructure?.args).to.include({
            "metal3machine-concurrency": 20,
            "metal3machinetemplate-concurrency": 1,
            "metal3labelsync-concurrency": 1,
        });
    });
});
