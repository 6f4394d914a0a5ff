import { expect } from "chai";
import * as fc from "fast-check";
import { ManifestError, type Manifest } from "../../plan/manifests/documents";
import { tuneManager, type ManagerTuning } from "../../plan/manifests/managers";
import { changeable } from "../../tasks/cluster-api/install";
import { deployment } from "./manifest-samples";

const containerOf = (manifests: Manifest[]): Record<string, unknown> => {
    const spec = manifests[0]?.spec as { template: { spec: { containers: Record<string, unknown>[] } } };
    const found = spec.template.spec.containers.find((container) => container.name === "manager");
    if (found === undefined) {
        throw new Error("no manager");
    }
    return found;
};

const tuned = (args: string[], tuning: ManagerTuning, env?: object[]): Record<string, unknown> =>
    containerOf(tuneManager([deployment(args, env)], { deployment: "ctl" }, tuning));

describe("The tuning of a manager", () => {
    const rows: [string, string[], ManagerTuning["args"], string[]][] = [
        ["adds a flag", ["--a"], { b: 2 }, ["--a", "--b=2"]],
        ["replaces a flag in its place", ["--a=1", "--c"], { a: "x" }, ["--a=x", "--c"]],
        ["replaces a flag without a value", ["--leader-elect"], { "leader-elect": false }, ["--leader-elect=false"]],
        ["replaces a flag with one dash", ["-qps", "--c"], { qps: 5 }, ["--qps=5", "--c"]],
        ["leaves no second of the same", ["--a=1", "--b", "--a=2"], { a: 3 }, ["--a=3", "--b"]],
        ["is not misled by a flag that begins alike", ["--a-b=1"], { a: 2 }, ["--a-b=1", "--a=2"]],
        ["takes a flag away", ["--a=1", "--b"], { a: null }, ["--b"]],
    ];
    for (const [name, args, wanted, expected] of rows) {
        it(name, () => expect(tuned(args, { args: wanted ?? {} }).args).to.deep.equal(expected));
    }

    it("names the Secrets by which its image may be pulled, and takes them away in an installed one", () => {
        const pull = [{ name: "pull" }];
        const podOf = ({ spec }: Manifest): unknown => (spec as { template: { spec: unknown } }).template.spec;
        const [named] = tuneManager([deployment([])], { deployment: "ctl" }, { imagePullSecrets: pull });
        expect(podOf(named!)).to.include({ imagePullSecrets: pull });
        expect(changeable(named!).map(podOf)).to.deep.equal([podOf(named!)]);
        // Without the null a merge patch would leave them.
        expect(changeable(deployment([])).map(podOf)[0]).to.include({ imagePullSecrets: null });
    });

    it("changes nothing twice: the same tuning again is the same", () => {
        const flags = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,6}[a-z]$/), fc.oneof(fc.integer(), fc.boolean()));
        fc.assert(
            fc.property(fc.array(fc.stringMatching(/^--[a-z]{1,3}(=[0-9])?$/)), flags, (args, wanted) => {
                const once = tuneManager([deployment(args)], { deployment: "ctl" }, { args: wanted });
                const twice = tuneManager(once, { deployment: "ctl" }, { args: wanted });
                expect(twice).to.deep.equal(once);
                for (const [flag, value] of Object.entries(wanted)) {
                    expect(containerOf(once).args).to.include(`--${flag}=${String(value)}`);
                }
            }),
        );
    });

    it("sets gates that are listed and leaves the others", () => {
        expect(tuned(["--feature-gates=A=true,B=false", "--x"], { featureGates: { B: true } }).args).to.deep.equal([
            "--feature-gates=A=true,B=true",
            "--x",
        ]);
    });

    it("sets the image, and with it a pull policy that finds an image loaded into the node", () => {
        expect(tuned([], { image: "lab/ctl:v1" })).to.include({ image: "lab/ctl:v1", imagePullPolicy: "IfNotPresent" });
        expect(tuned([], {})).to.include({ image: "up:main", imagePullPolicy: "Always" });
    });

    it("sets variables and requests", () => {
        const later = { then: () => undefined };
        const manifests = tuneManager(
            [
                deployment(
                    [],
                    [
                        { name: "A", value: "1" },
                        { name: "B", value: "2" },
                    ],
                ),
            ],
            { deployment: "ctl" },
            {
                env: { A: "9", C: { later }, D: { valueFrom: { fieldRef: {} } } },
                requests: { cpu: "50m" },
            },
        );
        expect(containerOf(manifests)).to.deep.include({
            env: [
                { name: "B", value: "2" },
                { name: "A", value: "9" },
                { name: "C", value: later },
                { name: "D", valueFrom: { fieldRef: {} } },
            ],
            resources: { requests: { cpu: "50m" } },
        });
    });

    it("gives the probes that are there the patience asked for", () => {
        const manifest = deployment([]);
        const { containers } = (manifest.spec as { template: { spec: { containers: Record<string, unknown>[] } } })
            .template.spec;
        Object.assign(containers.find(({ name }) => name === "manager") as object, {
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 1 },
            readinessProbe: { periodSeconds: 5 },
        });
        const container = containerOf(tuneManager([manifest], { deployment: "ctl" }, { probeTimeoutSeconds: 10 }));
        expect(container).to.deep.include({
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 10 },
            readinessProbe: { periodSeconds: 5, timeoutSeconds: 10 },
        });
        expect(container).to.not.have.property("startupProbe");
        expect(containerOf(tuneManager([manifest], { deployment: "ctl" }, {}))).to.deep.include({
            livenessProbe: { httpGet: { path: "/healthz" }, timeoutSeconds: 1 },
        });
    });

    it("sets the strategy that is asked for, and else leaves upstream's", () => {
        const strategyOf = (manifests: Manifest[]) => (manifests[0]?.spec as { strategy?: object }).strategy;
        const of = (tuning: object) => strategyOf(tuneManager([deployment([])], { deployment: "ctl" }, tuning));
        expect(of({ strategy: "Recreate" })).to.deep.equal({ type: "Recreate" });
        expect(of({})).to.equal(undefined);
    });

    it("takes the settings of another strategy out of what is there, which a merge patch would leave", () => {
        // The API refuses those of RollingUpdate beside Recreate.
        const withStrategy = (type: string) =>
            changeable({ ...deployment([]), spec: { replicas: 1, strategy: { type } } })[0]?.spec;
        expect(withStrategy("Recreate")).to.deep.equal({
            replicas: 1,
            strategy: { type: "Recreate", rollingUpdate: null },
        });
        expect(withStrategy("RollingUpdate")).to.deep.equal({ replicas: 1, strategy: { type: "RollingUpdate" } });
    });

    it("has a pod go on serving before it ends, and gives it its grace period after that", () => {
        const podOf = (manifests: Manifest[]) =>
            (manifests[0]?.spec as { template: { spec: { terminationGracePeriodSeconds?: number } } }).template.spec;
        const impatient = deployment([]);
        podOf([impatient]).terminationGracePeriodSeconds = 10;
        for (const [manifest, grace] of [
            [deployment([]), 35],
            [impatient, 15],
        ] as const) {
            const tuned = tuneManager([manifest], { deployment: "ctl" }, { drainSeconds: 5 });
            expect(containerOf(tuned)).to.deep.include({ lifecycle: { preStop: { sleep: { seconds: 5 } } } });
            expect(podOf(tuned).terminationGracePeriodSeconds).to.equal(grace);
        }
        expect(containerOf(tuneManager([impatient], { deployment: "ctl" }, {}))).to.not.have.property("lifecycle");
    });

    it("leaves its input and the other containers alone", () => {
        const input = [deployment(["--a"])];
        const before = structuredClone(input);
        const [output] = tuneManager(input, { deployment: "ctl" }, { args: { a: null }, image: "x:1" });
        expect(input).to.deep.equal(before);
        expect(JSON.stringify(output)).to.include('{"name":"proxy","image":"other:1","args":["--kept"]}');
    });

    const failures: [string, { deployment: string; container?: string }, ManagerTuning, string][] = [
        [
            "no such Deployment",
            { deployment: "no" },
            {},
            "expected one Deployment named no, found 0 (of this kind: ctl)",
        ],
        [
            "no such container",
            { deployment: "ctl", container: "no" },
            {},
            "Deployment sys/ctl has no container no (there: proxy, manager)",
        ],
        [
            "no such flag to take away",
            { deployment: "ctl" },
            { args: { b: null } },
            "has no flag b to take away (there: --a",
        ],
        [
            "no such feature gate",
            { deployment: "ctl" },
            { featureGates: { Nope: true } },
            "lists no feature gate Nope (there: G)",
        ],
    ];
    for (const [name, address, tuning, message] of failures) {
        it(`refuses: ${name}`, () =>
            expect(() => tuneManager([deployment(["--a", "--feature-gates=G=true"])], address, tuning))
                .to.throw(ManifestError)
                .with.property("message")
                .that.includes(message));
    }
});
