import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { isDockerThere } from "../docker";
import { skipBecause } from "../skip";
import { isPulumiThere, Project } from "./machine-pulumi";

const ROOT = join(__dirname, "../..");

describe("An error for the user that ends a real pulumi up", function () {
    this.timeout(120_000);
    let project: Project | undefined;
    let api: Server;

    before(async function () {
        if (!(await isPulumiThere())) {
            skipBecause(this, "pulumi is missing");
        }
        if (!(await isDockerThere())) {
            skipBecause(this, "Docker does not answer: the wait would go on, as it does when the lab's Docker is away");
        }
        // A management cluster in which every list is empty: all that Pulumi is said to have made is gone.
        api = createServer((_, response) => {
            response.writeHead(200, { "content-type": "application/json" });
            response.end(JSON.stringify({ items: [] }));
        });
        await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
        const { port } = api.address() as AddressInfo;
        const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
        const kubeconfig = {
            apiVersion: "v1",
            kind: "Config",
            "current-context": "c",
            contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
            clusters: [{ name: "c", cluster }],
            users: [{ name: "u", user: {} }],
        };
        project = await Project.create(`
            require("tsx/cjs");
            const pulumi = require("@pulumi/pulumi");
            const { fleetReached } = require(${JSON.stringify(join(ROOT, "components/wait-for-fleet"))});
            const { validate } = require(${JSON.stringify(join(ROOT, "plan/validate"))});
            const { plan } = require(${JSON.stringify(join(ROOT, "plan/plan"))});
            module.exports = async () => {
                const config = validate({ nodes: "1", clusters: "0" });
                const fleet = fleetReached({
                    config,
                    plan: plan(config, "test"),
                    substrate: {
                        kubeconfig: pulumi.secret(${JSON.stringify(JSON.stringify(kubeconfig))}),
                        containers: [],
                    },
                    pairs: [],
                    ironicChart: [],
                    hosts: { hosts: [] },
                    clusters: { clusters: [] },
                    vacated: pulumi.output(undefined),
                });
                return { fleet };
            };
        `);
    });
    after(async () => {
        api?.close();
        await project?.remove();
    });

    it("is its message, not an exception with an object", async () => {
        const { code, output } = await (project as Project).pulumi("up", "--yes", "--skip-preview");
        expect(code).to.not.equal(0);
        expect(output)
            .to.include("BareMetalHost host-0000: does not exist")
            .and.include("pulumi up --refresh")
            .and.not.include("unhandled exception")
            .and.not.include("missing: [")
            .and.not.include("wait-for-fleet/wait");
    });
});
