import { readFileSync } from "node:fs";
import { expect } from "chai";
import * as fc from "fast-check";
import { parse } from "yaml";
import { printed, PRINTED_FILES } from "../../cli/docs";
import { keys } from "../../plan/config/keys";
import { ConfigurationError, ofOtherKeys, validate, validRest } from "../../plan/validate";
import { repoPath } from "../../toolchain/paths";

/** The problems of a configuration, as `key: rule`. */
function problems(raw: Record<string, string>): string[] {
    try {
        validate(raw);
    } catch (error) {
        if (error instanceof ConfigurationError) {
            return error.problems.map(({ key, value, rule }) => `${key} = ${value}: ${rule}`);
        }
        throw error;
    }
    return [];
}

describe("configuration", () => {
    it("is looked at without the keys that are wrong, as far as the rest makes one", () => {
        const rest = (raw: Record<string, string>) => {
            try {
                return validate(raw);
            } catch (error) {
                return validRest(raw, (error as ConfigurationError).problems);
            }
        };
        const wrong = { substrate: "existing", nodes: "many", images: '{"source":"ftp"}', storageClass: "fast" };
        expect(rest(wrong)).to.include({ substrate: "existing", nodes: 4, storageClass: "fast" });
        // Without the number of clusters, the default of which needs two hosts, there is one host.
        expect(rest({ nodes: "1", clusters: "many" })).to.equal(undefined);
    });

    it("has no second problem of a key told", () => {
        const problem = (key: string) => ({ key, value: "x", rule: "r" });
        const known = [problem("images.overrides.ironic"), problem("namespace")];
        const found = ["images", "namespace", "storageClass"].map(problem);
        expect(ofOtherKeys(found, known)).to.deep.equal([problem("storageClass")]);
    });

    it("needs nothing set", () => {
        expect(validate({})).to.include({
            nodes: 4,
            clusters: 2,
            controlPlaneNodes: 1,
            workerNodes: 0,
            wait: "clusters",
        });
        expect(validate({}).conductors).to.equal(undefined);
    });

    const refused: [Record<string, string>, string][] = [
        [{ nodes: "-1", clusters: "0" }, 'nodes = "-1": must be a whole number from 0 to 10000'],
        [{ nodes: "1.5" }, 'nodes = "1.5": must be a whole number from 0 to 10000'],
        [{ nodes: "many" }, 'nodes = "many": must be a whole number from 0 to 10000'],
        [{ nodes: "" }, 'nodes = "": must be a whole number from 0 to 10000'],
        [{ nodes: "1e3" }, 'nodes = "1e3": must be a whole number from 0 to 10000'],
        [{ nodes: "10001" }, 'nodes = "10001": must be a whole number from 0 to 10000'],
        [{ nodes: "4", clusters: "5" }, "nodes = 4: 5 clusters of 1 machines want 5 hosts"],
        [{ nodes: "5", clusters: "2", controlPlaneNodes: "3" }, "nodes = 5: 2 clusters of 3 machines want 6 hosts"],
        [
            { hostsPerCluster: "1" },
            'hostsPerCluster = "1": is not needed any more: clusters get free hosts while the lab runs. ' +
                "Set nodes as high as you want to grow, and remove this key (pulumi config rm hostsPerCluster)",
        ],
        [{ conductors: "0" }, 'conductors = "0": must be a whole number from 1 to 50'],
        [{ conductors: "51" }, 'conductors = "51": must be a whole number from 1 to 50'],
        [{ controlPlaneNodes: "2" }, 'controlPlaneNodes = "2": must be odd: 1 or 3, because etcd members vote'],
        [
            { provisioningCidr: "192.168.1.0/25" },
            "provisioningCidr = 192.168.1.0/25: must be between a /12 and a /24 (256 addresses)",
        ],
        [
            { provisioningCidr: "172.0.0.0/8" },
            "provisioningCidr = 172.0.0.0/8: must be between a /12 and a /24 (256 addresses)",
        ],
        [
            { provisioningCidr: "10.96.4.0/24" },
            "serviceCidr = 10.96.0.0/16: must not overlap provisioningCidr 10.96.4.0/24",
        ],
        [{ podCidr: "10.96.0.0/12" }, "serviceCidr = 10.96.0.0/16: must not overlap podCidr 10.96.0.0/12"],
        [
            { provisioningCidr: "192.168.222.1/24" },
            "provisioningCidr = 192.168.222.1/24: must be the first address of a network, such as 192.168.222.0/24",
        ],
        [
            { provisioningCidr: "192.168.256.0/24" },
            'provisioningCidr = "192.168.256.0/24": must be an IPv4 network such as 192.168.222.0/24',
        ],
        [
            { nodes: "400", nodesPerPair: "2", clusters: "0" },
            "nodes = 400: they need 200 pairs, but 192.168.222.0/24 has addresses for 94: " +
                "raise nodesPerPair or take a larger provisioningCidr",
        ],
        [{ substrate: "vmware" }, 'substrate = "vmware": must be one of embedded, minikube, existing'],
        [
            { kubernetesVersion: "1.2" },
            'kubernetesVersion = "1.2": must be a Kubernetes version from v1.30.0 to v1.36.13, such as v1.35.4',
        ],
        [
            { kubernetesVersion: "v1.25.9" },
            'kubernetesVersion = "v1.25.9": must be a Kubernetes version from v1.30.0 to v1.36.13, such as v1.35.4',
        ],
        [{ fakeBootSeconds: "9-3" }, 'fakeBootSeconds = "9-3": the second number must not be below the first'],
        [{ fakePowerSeconds: "1-3601" }, 'fakePowerSeconds = "1-3601": must be at most 3600 seconds'],
        [
            { fakeBootSeconds: "soon" },
            'fakeBootSeconds = "soon": must be seconds such as "10", or a range such as "5-10", at most 3600',
        ],
        [{ nodez: "3" }, 'nodez = "3": is not a key of this program; did you mean nodes?'],
        [{ embeddedWorkers: "14" }, 'embeddedWorkers = "14": must be a whole number from 0 to 13'],
        [
            { embeddedWorkers: "1", podCidr: "10.8.0.0/20" },
            'podCidr = "10.8.0.0/20": must be at least a /19 with embeddedWorkers: ' +
                "each worker has a thirty-second of it, and needs 254 addresses for its pods",
        ],
        [
            { embeddedWorkers: "1", substrate: "minikube" },
            'embeddedWorkers = "1": belongs to the substrate embedded: minikube\'s machine is the only node',
        ],
        [{ fakeApiServers: "3" }, "fakeApiServers = 3: 2 clusters leave some without work"],
        ...[
            "https://registry.example/lab",
            "registry",
            "registry.example/lab:v1",
            "registry.example/Lab",
            "a b:5/c",
        ].map((imageRegistry): [Record<string, string>, string] => [
            { imageRegistry },
            `imageRegistry = "${imageRegistry}": must be a registry such as registry.example:5000/lab: ` +
                "a host with a dot or a port, no scheme, no tag",
        ]),
        [{ imagePullSecrets: "pull" }, 'imagePullSecrets = "pull": must be a list: [NAME, …]'],
        [{ imagePullSecrets: '{"a":1}' }, 'imagePullSecrets = "{\\"a\\":1}": must be a list: [NAME, …]'],
        [{ imagePullSecrets: '["A"]' }, 'imagePullSecrets.0 = "A": must be the name of a Secret'],
        [{ images: "{" }, 'images = "{": must be an object: {source, overrides}'],
        [{ images: '{"source":"ftp"}' }, 'images.source = "ftp": must be one of auto, build, pull'],
        [
            { images: '{"overrides":{"ironic":"quay.io/x/ironic:latest"}}' },
            'images.overrides.ironic = "quay.io/x/ironic:latest": ' +
                "must be an image pinned by tag (not latest) or by digest",
        ],
    ];
    for (const [raw, message] of refused) {
        it(`refuses ${JSON.stringify(raw)}`, () => expect(problems(raw)).to.deep.equal([message]));
    }

    it("names every problem in one message", () => {
        const raw = {
            nodes: "many",
            conductors: "0",
            fakeBootSeconds: "9-3",
            colour: "blue",
            substrate: "x",
            controlPlaneNodes: "2",
        };
        expect(() => validate(raw)).to.throw(ConfigurationError, /6 problems.*nothing was made/s);
        expect(problems(raw)).to.have.length(6);
    });

    it("takes boot times as one number or a range, and versions with or without v", () => {
        expect(validate({ fakeBootSeconds: "7" }).fakeBootSeconds).to.deep.equal({ min: 7, max: 7 });
        expect(validate({ fakeBootSeconds: "180-240" }).fakeBootSeconds).to.deep.equal({ min: 180, max: 240 });
        expect(validate({ kubernetesVersion: "1.34.2" }).kubernetesVersion).to.equal("v1.34.2");
        // The last of an old minor version, and a patch version that no class lists.
        expect(validate({ kubernetesVersion: "v1.30.13" }).kubernetesVersion).to.equal("v1.30.13");
        expect(() => validate({ kubernetesVersion: "v1.34.14" })).to.throw("must be a Kubernetes version");
    });

    it("never throws anything but a ConfigurationError, whatever it is given", () => {
        const anyKey = fc.constantFrom(...Object.keys(keys), "other");
        const anyValue = fc.oneof(
            fc.string(),
            fc.integer().map(String),
            fc.double().map(String),
            fc.ipV4().map((ip) => `${ip}/16`),
        );
        fc.assert(
            fc.property(fc.dictionary(anyKey, anyValue), (raw) => {
                for (const problem of problems(raw)) {
                    expect(problem).to.match(/ = .*: .+/s);
                }
            }),
        );
    });

    it("refuses an override of an image that the lab does not have", () => {
        const overrides = { ironicc: "quay.io/metal3-io/ironic:v34.0.0", nginx: "nginx:1.29.3" };
        const images = JSON.stringify({ source: "build", overrides });
        const known = { images: ["ironic", "mariadb"] };
        expect(() => validate({ images }, known)).to.throw(
            "images.overrides.ironicc = quay.io/metal3-io/ironic:v34.0.0: is not an image of this lab; " +
                "did you mean ironic?\n" +
                "  images.overrides.nginx = nginx:1.29.3: is not an image of this lab; its images: ironic, mariadb",
        );
        const good = JSON.stringify({ overrides: { ironic: overrides.ironicc } });
        expect(validate({ images: good }, known).images.overrides).to.deep.equal({ ironic: overrides.ironicc });
    });

    for (const file of PRINTED_FILES) {
        it(`is printed in ${file.path} as it is defined (npm run docs)`, async () => {
            expect(readFileSync(repoPath(file.path), "utf8")).to.equal(await printed(file));
        });
    }

    it("documents of each key its meaning, its range, its default or unset meaning, and the effect of a change", () => {
        for (const [key, facts] of Object.entries(keys)) {
            expect(facts.meaning, key).to.match(/\.$/);
            expect(facts.onChange, key).to.match(/\.$/);
            expect("default" in facts ? facts.default : facts.unset, key)
                .to.be.a("string")
                .and.not.equal("");
        }
    });

    it("has in Pulumi.yaml, which Pulumi reads, the same defaults as in the program", () => {
        const { config } = parse(readFileSync(repoPath("Pulumi.yaml"), "utf8")) as {
            config: Record<string, { default: unknown }>;
        };
        const raw = Object.fromEntries(Object.entries(config).map(([key, entry]) => [key, String(entry.default)]));
        expect(validate(raw)).to.deep.equal(validate({}));
    });
});
