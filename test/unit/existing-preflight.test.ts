import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { existingProblems } from "../../machine/existing/preflight";
import { livingLab } from "../../plan/change/living-lab";
import { ownerAnnotations } from "../../plan/lab-owner";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";
import { kubeconfigFor } from "../kubeconfig";
import { resourcesOf, STACK } from "./living-lab";

const EXISTING = { substrate: "existing" };
const DEFAULT_CLASS = { "storageclass.kubernetes.io/is-default-class": "true" };

/** A cluster, as far as the preflight asks it. */
interface ClusterThere {
    version: string;
    /** Rights that are refused: `verb resource`. */
    refused: string[];
    classes: { name: string; annotations?: Record<string, string> }[];
    definitions: string[];
    namespaces: string[];
    /** Annotations of a namespace of a lab. */
    lab?: Record<string, string>;
    /** Parts of the paths that answer 403. */
    forbidden?: string;
}

const GOOD: ClusterThere = {
    version: "v1.35.4",
    refused: [],
    classes: [{ name: "standard", annotations: DEFAULT_CLASS }],
    definitions: [],
    namespaces: [],
};

type Answer = [status: number, body: object];

function answer(
    { version, refused, classes, definitions, namespaces, lab, forbidden }: ClusterThere,
    path: string,
    body: string,
): Answer {
    const named = (names: readonly string[]): Answer => {
        const name = path.split("/").at(-1) ?? "";
        return names.includes(name)
            ? [200, { metadata: { name } }]
            : [404, { kind: "Status", message: `${name} not found` }];
    };
    if (forbidden !== undefined && path.includes(forbidden)) {
        return [403, { kind: "Status", message: `${path} is forbidden` }];
    }
    if (path.endsWith("/namespaces")) {
        const creationTimestamp = "2026-01-02T03:04:05Z";
        const items = lab === undefined ? [] : [{ metadata: { name: "theirs", annotations: lab, creationTimestamp } }];
        return [200, { kind: "NamespaceList", items }];
    }
    if (path.startsWith("/version")) {
        return [200, { major: "1", minor: "35", gitVersion: version }];
    }
    if (path.includes("selfsubjectaccessreviews")) {
        const review = JSON.parse(body) as { spec: { resourceAttributes: { verb: string; resource: string } } };
        const { verb, resource } = review.spec.resourceAttributes;
        return [201, { spec: {}, status: { allowed: !refused.includes(`${verb} ${resource}`) } }];
    }
    if (path.includes("/storageclasses")) {
        const items = classes.map((metadata) => ({ metadata, provisioner: "example.com/disks" }));
        return [200, { kind: "StorageClassList", items }];
    }
    return path.includes("/customresourcedefinitions/") ? named(definitions) : named(namespaces);
}

describe("A cluster that is there, before a lab is made in it", () => {
    let server: Server;
    let cluster: ClusterThere;
    let url: string;
    before(async () => {
        server = createServer((request, response) => {
            void text(request).then((body) => {
                const [status, content] = answer(cluster, request.url ?? "", body);
                response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());

    async function problems(
        there: Partial<ClusterThere>,
        raw: Record<string, string> = {},
        living = livingLab(STACK, {}),
        upgrade = false,
    ): Promise<string[]> {
        cluster = { ...GOOD, ...there };
        const config = validate({ ...EXISTING, ...raw });
        const found = await existingProblems(
            { kubeconfig: kubeconfigFor(url), server: url, id: "1234" },
            { config, plan: plan(config, STACK) },
            living,
            upgrade,
        );
        return found.map(({ key, value, rule }) => {
            const said = rule.replace(`${url}: `, "");
            return key === "substrate" ? said : `${key} = ${value}: ${said}`;
        });
    }

    it("has no problems where nothing is missing and nothing in the way", async () =>
        expect(await problems({})).to.deep.equal([]));

    it("has all its problems named at once", async () => {
        const found = await problems({
            version: "v1.29.3",
            refused: ["create namespaces", "escalate clusterroles"],
            classes: [{ name: "slow" }],
            definitions: ["baremetalhosts.metal3.io", "clusters.cluster.x-k8s.io"],
            namespaces: ["metal3"],
        });
        expect(found).to.have.length(6);
        expect(found[0]).to.include("Kubernetes v1.29.3").and.include("1.31.0");
        expect(found[1])
            .to.include("create namespaces, escalate clusterroles.rbac.authorization.k8s.io")
            .and.include("docs/existing.md");
        expect(found[2]).to.equal("storageClass = (not set): has no default StorageClass: set it; there are slow");
        expect(found[3]).to.include("a bare-metal operator already (baremetalhosts.metal3.io)");
        expect(found[4]).to.include("Cluster API already");
        expect(found[5]).to.equal("namespace = metal3: is in the cluster already: set it to another name");
    });

    it("is refused where another lab stands in it, with the name of who made that, and since when", async () => {
        const owner = { id: "1", state: "s3://labs", checkout: "/srv/checkout", user: "ada@host" };
        const definitions = ["baremetalhosts.metal3.io", "clusters.cluster.x-k8s.io"];
        const lab = ownerAnnotations(owner, { prefix: "m3lab-other" });
        expect(await problems({ definitions, lab })).to.deep.equal([
            "has the lab m3lab-other in the namespace theirs since 2026-01-02 03:04 UTC, made by ada@host from the " +
                "checkout /srv/checkout with the state s3://labs: a cluster holds one lab; take another cluster, or " +
                "remove that lab with `npm run down` where its state is",
        ]);
    });

    it("has the missing rights named where for want of one of them it cannot be looked at", async () => {
        for (const forbidden of ["/namespaces", "/customresourcedefinitions/", "/storageclasses"]) {
            const found = await problems({ forbidden, refused: ["list namespaces"] });
            expect(found, forbidden).to.have.length(1);
            expect(found[0]).to.include("does not grant the rights that a lab needs").and.include("list namespaces");
        }
        const [silent] = await problems({ forbidden: "/storageclasses" });
        expect(silent).to.include("does not answer what is asked").and.include("forbidden");
    });

    it("needs the StorageClass that is configured, and no default one then", async () => {
        expect(await problems({ classes: [{ name: "fast" }] }, { storageClass: "fast" })).to.deep.equal([]);
        expect(await problems({}, { storageClass: "fast" })).to.deep.equal([
            "storageClass = fast: is no StorageClass of the cluster: there are standard",
        ]);
    });

    it("is asked for the right to write admission policies only where the whole cluster is tuned", async () => {
        const refused = ["create mutatingadmissionpolicies"];
        expect(await problems({ refused })).to.deep.equal([]);
        expect((await problems({ refused }, { clusterWideTuning: "true" }))[0]).to.include("mutatingadmissionpolicies");
    });

    it("is asked for what an upgrade of Cluster API needs only where there is one", async () => {
        const living = livingLab(STACK, resourcesOf(EXISTING));
        const refused = ["delete endpoints", "delete endpointslices"];
        expect(await problems({ refused }, {}, living)).to.deep.equal([]);
        expect((await problems({ refused }, {}, living, true))[0]).to.match(
            /docs\/existing\.md has the role\): delete endpoints, delete endpointslices\.discovery\.k8s\.io$/,
        );
    });

    it("has a lab's own objects once the lab is there", async () => {
        const living = livingLab(STACK, resourcesOf(EXISTING));
        const there = { definitions: ["baremetalhosts.metal3.io"], namespaces: ["metal3"] };
        expect(await problems(there, {}, living)).to.deep.equal([]);
    });

    it("is refused where it is another one than that of the lab", async () => {
        const living = livingLab(STACK, resourcesOf(EXISTING, { clusterIdentifier: "existing:other" }));
        expect(await problems({}, {}, living)).to.have.length(1);
        expect((await problems({}, {}, living))[0])
            .to.include("another cluster")
            .and.include("--replace");
    });

    it("says why where it does not answer", async () => {
        const config = validate(EXISTING);
        const server = "http://127.0.0.1:1";
        const [problem] = await existingProblems(
            { kubeconfig: kubeconfigFor(server), server, id: "1" },
            { config, plan: plan(config, STACK) },
            livingLab(STACK, {}),
        );
        expect(problem?.rule).to.match(
            /^http:\/\/127\.0\.0\.1:1: does not answer what is asked before a lab is made: .*ECONNREFUSED/,
        );
    });
});
