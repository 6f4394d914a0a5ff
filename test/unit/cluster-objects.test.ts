import { expect } from "chai";
import * as fc from "fast-check";
import { minor, rsort } from "semver";
import { parse } from "yaml";
import { clusterClassObjects, type ClassObject } from "../../plan/manifests/cluster-class";
import { HOST_CLUSTER_LABEL, workloadClusterObject } from "../../plan/manifests/cluster-objects";
import type { Manifest } from "../../plan/manifests/documents";
import { validate } from "../../plan/validate";

const image = {
    url: "http://192.168.222.1:6180/os.img",
    checksum: "ab12",
    checksumType: "sha256",
    diskFormat: "raw",
} as const;
const options = { name: "lab", namespace: "metal3", image };

interface Selector {
    apiVersion: string;
    kind: string;
    matchResources: {
        controlPlane?: boolean;
        infrastructureCluster?: boolean;
        machineDeploymentClass?: { names: string[] };
    };
}
interface ClassSpec {
    variables: { name: string; required: boolean; schema: { openAPIV3Schema: Record<string, unknown> } }[];
    patches: {
        definitions: {
            selector: Selector;
            jsonPatches: { path: string; valueFrom?: { variable?: string; template?: string }; value?: object }[];
        }[];
        enabledIf?: string;
    }[];
    workers: { machineDeployments: { class: string }[] };
    kubernetesVersions: string[];
}

const manifestsOf = (objects: ClassObject[]): Manifest[] => objects.map(({ manifest }) => manifest);
const classOf = (objects: Manifest[]): ClassSpec =>
    objects.find((object) => object.kind === "ClusterClass")?.spec as ClassSpec;

/** Every templateRef beneath a value. */
function templateRefs(value: unknown): { apiVersion: string; kind: string; name: string }[] {
    if (typeof value !== "object" || value === null) {
        return [];
    }
    return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
        key === "templateRef" ? [item as { apiVersion: string; kind: string; name: string }] : templateRefs(item),
    );
}

describe("cluster objects: the class", () => {
    const objects = manifestsOf(clusterClassObjects(options));

    it("lists every Kubernetes version that the configuration takes, in order and without a gap, at most 100", () => {
        const { kubernetesVersions } = classOf(objects);
        expect(kubernetesVersions)
            .to.have.length.within(1, 100)
            .and.deep.equal(rsort([...kubernetesVersions]).reverse());
        for (const version of kubernetesVersions) {
            expect(validate({ kubernetesVersion: version }).kubernetesVersion).to.equal(version);
        }
        const minors = [...new Set(kubernetesVersions.map((version) => minor(version)))];
        expect(minors).to.deep.equal(minors.map((_, index) => (minors[0] ?? 0) + index));
    });

    it("has its templates before it, each of them used by it, all in one namespace", () => {
        expect(clusterClassObjects(options).map(({ key }) => key)).to.deep.equal([
            "metal3clustertemplate-lab",
            "kubeadmcontrolplanetemplate-lab-control-plane",
            "metal3machinetemplate-lab-control-plane",
            "metal3machinetemplate-lab-worker",
            "kubeadmconfigtemplate-lab-worker",
            "clusterclass-lab",
        ]);
        expect(objects.map(({ metadata }) => metadata.namespace)).to.deep.equal(objects.map(() => "metal3"));
        const made = objects
            .slice(0, -1)
            .map(({ apiVersion, kind, metadata: { name } }) => ({ apiVersion, kind, name }));
        expect(templateRefs(objects.at(-1))).to.have.deep.members(made);
    });

    it("has another template, and refers to it, where the content is another: templates cannot be changed", () => {
        const names = (checksum: string) =>
            manifestsOf(clusterClassObjects({ ...options, image: { ...image, checksum } })).map(
                ({ kind, metadata: { name } }) => `${kind} ${name}`,
            );
        expect(names("ab12")).to.deep.equal(objects.map(({ kind, metadata: { name } }) => `${kind} ${name}`));
        const changed = names("cd34").filter((name) => !names("ab12").includes(name));
        expect(changed).to.have.length(2);
        for (const name of changed) {
            expect(name).to.match(/^Metal3MachineTemplate lab-(control-plane|worker)-[0-9a-f]{8}$/);
        }
    });

    it("patches only what is there, with variables that are declared", () => {
        const spec = classOf(objects);
        const declared = spec.variables.map((variable) => variable.name);
        for (const { selector, jsonPatches } of spec.patches.flatMap((patch) => patch.definitions)) {
            expect(
                objects.some(({ apiVersion, kind }) => apiVersion === selector.apiVersion && kind === selector.kind),
            ).to.equal(true);
            const names = selector.matchResources.machineDeploymentClass?.names ?? [];
            expect(spec.workers.machineDeployments.map((each) => each.class)).to.include.members(names);
            for (const { valueFrom } of jsonPatches) {
                if (valueFrom?.variable !== undefined) {
                    expect(declared).to.include(valueFrom.variable);
                }
            }
        }
    });

    it("lets the machines of both roles take only their own cluster's hosts", () => {
        const definitions = classOf(objects).patches.flatMap((patch) => patch.definitions);
        const selecting = definitions.filter((each) =>
            each.jsonPatches.some(({ path }) => path === "/spec/template/spec/hostSelector"),
        );
        expect(selecting.map(({ selector }) => selector.matchResources)).to.deep.equal([
            { controlPlane: true },
            { machineDeploymentClass: { names: ["worker"] } },
        ]);
        for (const { jsonPatches } of selecting) {
            const template = jsonPatches.find(({ path }) => path.endsWith("hostSelector"))?.valueFrom?.template ?? "";
            // A name of digits only must stay text.
            for (const name of ["cluster-0001", "123", "true"]) {
                const rendered: unknown = parse(template.replace("{{ .builtin.cluster.name }}", name));
                expect(rendered).to.deep.equal({ matchLabels: { [HOST_CLUSTER_LABEL]: name } });
            }
        }
    });

    it("gives the image as a default, so that another one rolls no machine that is there", () => {
        const variable = classOf(objects).variables.find(({ name }) => name === "image");
        expect(variable).to.include({ required: false });
        expect(variable?.schema.openAPIV3Schema.default).to.deep.equal(image);
    });

    it("has control planes of clusters that ask for it let go of a machine before the next is made", () => {
        const spec = classOf(objects);
        const patches = spec.patches.filter(({ enabledIf }) => enabledIf !== undefined);
        expect(patches.map(({ enabledIf }) => enabledIf)).to.deep.equal(["{{ .rollsWithoutSpareHosts }}"]);
        expect(patches[0]?.definitions.map(({ selector, jsonPatches }) => [selector.kind, jsonPatches])).to.deep.equal([
            [
                "KubeadmControlPlaneTemplate",
                [
                    {
                        op: "add",
                        path: "/spec/template/spec/rollout",
                        value: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0 } } },
                    },
                ],
            ],
        ]);
        const variable = spec.variables.find(({ name }) => name === "rollsWithoutSpareHosts");
        expect(variable?.schema.openAPIV3Schema).to.deep.equal({ type: "boolean", default: false });
    });

    it("leaves the cleaning of hosts to the hosts: CAPM3 writes a template's over and over", () => {
        const templates = objects.filter((object) => object.kind === "Metal3MachineTemplate");
        expect(templates).to.have.length(2);
        for (const template of templates) {
            expect((template.spec as { template: { spec: object } }).template.spec).to.have.all.keys("image");
        }
    });
});

describe("cluster objects: a cluster", () => {
    const cluster = (workerNodes: number, queued?: number, rollsWithoutSpareHosts = false): Manifest =>
        workloadClusterObject({
            rollsWithoutSpareHosts,
            name: "cluster-0001",
            namespace: "metal3",
            className: "lab",
            kubernetesVersion: "v1.34.0",
            controlPlaneNodes: 3,
            workerNodes,
            endpoint: { host: "10.96.0.50", port: 20001 },
            fakeApiServer: 2,
            ...(queued === undefined ? {} : { queued }),
        });

    it("is paused until FKAS releases it where it is queued, and no different otherwise", () => {
        const queued = cluster(2, 5);
        expect(queued.metadata.annotations).to.deep.equal({
            "cluster.x-k8s.io/paused": "",
            "queue.metal3-scale-lab/queued": "5",
        });
        const { annotations } = queued.metadata;
        const started = cluster(2);
        expect(queued).to.deep.equal({ ...started, metadata: { ...started.metadata, annotations } });
        expect(started.metadata).not.to.have.property("annotations");
    });

    it("is the whole of what Cluster API and the fake API server need", () => {
        expect(cluster(2)).to.deep.equal({
            apiVersion: "cluster.x-k8s.io/v1beta2",
            kind: "Cluster",
            metadata: {
                name: "cluster-0001",
                namespace: "metal3",
                labels: { "metal3-scale-lab/fake-api-server": "2" },
            },
            spec: {
                topology: {
                    classRef: { name: "lab" },
                    version: "v1.34.0",
                    controlPlane: { replicas: 3 },
                    workers: { machineDeployments: [{ class: "worker", name: "workers", replicas: 2 }] },
                    variables: [{ name: "controlPlaneEndpoint", value: { host: "10.96.0.50", port: 20001 } }],
                },
            },
        });
    });

    it("says in both roles that it rolls without spare hosts", () => {
        const { topology } = cluster(2, undefined, true).spec as {
            topology: { variables: object[]; workers: { machineDeployments: object[] } };
        };
        expect(topology.variables).to.deep.include({ name: "rollsWithoutSpareHosts", value: true });
        expect(topology.workers.machineDeployments[0]).to.deep.include({
            rollout: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
        });
    });

    it("has no MachineDeployment without workers", () => {
        expect((cluster(0).spec as { topology: object }).topology).not.to.have.property("workers");
    });

    it("gives every variable the class requires", () => {
        fc.assert(
            fc.property(fc.nat(10), (workers) => {
                const { variables } = (cluster(workers).spec as { topology: { variables: { name: string }[] } })
                    .topology;
                const required = classOf(manifestsOf(clusterClassObjects(options))).variables.filter(
                    (variable) => variable.required,
                );
                expect(variables.map(({ name }) => name)).to.have.members(required.map(({ name }) => name));
            }),
        );
    });
});
