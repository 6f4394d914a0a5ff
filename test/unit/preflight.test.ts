import { createServer, type AddressInfo } from "node:net";
import { expect } from "chai";
import type Docker from "dockerode";
import { diskOf } from "../../machine/docker/preflight";
import { isApiPortTaken, machineProblems, type MachineFacts } from "../../machine/embedded/preflight";
import { grows } from "../../plan/change/leaving";
import { livingLab } from "../../plan/change/living-lab";
import { plan } from "../../plan/plan";
import { substrateOf } from "../../plan/substrate/plan";
import { validate } from "../../plan/validate";
import { living, type Raw } from "./living-lab";

const config = validate({});
const planned = plan(config, "dev");
const fine: MachineFacts = {
    dockerNetworks: [{ name: "bridge", cidr: "172.17.0.0/16" }],
    interfaces: [{ name: "eth0", address: "10.0.0.5" }],
    apiPortTaken: false,
    disk: { mountPoint: "/", freeGib: 50 },
    missingImages: [],
};
const problems = (facts: Partial<MachineFacts>, grows = true) =>
    machineProblems({ config, plan: planned, grows }, { ...fine, ...facts }).map(
        ({ key, value, rule }) => `${key} = ${value}: ${rule}`,
    );

describe("preflight", () => {
    it("has nothing to say of a machine that can carry the lab", () => expect(problems({})).to.deep.equal([]));

    it("says that Docker does not answer, and what to do", () => {
        const [problem, ...others] = problems({ dockerError: "connect ENOENT /var/run/docker.sock" });
        expect(others).to.deep.equal([]);
        expect(problem).to.include("ENOENT").and.include("npm run doctor");
    });

    const overlapping: [string, Partial<MachineFacts>, RegExp][] = [
        ["the same network", { dockerNetworks: [{ name: "other", cidr: "192.168.222.0/24" }] }, /Docker network other/],
        ["a network around it", { dockerNetworks: [{ name: "wide", cidr: "192.168.0.0/16" }] }, /Docker network wide/],
        [
            "a network inside it",
            { dockerNetworks: [{ name: "small", cidr: "192.168.222.128/26" }] },
            /Docker network small/,
        ],
        [
            "an address of the machine",
            { interfaces: [{ name: "virbr0", address: "192.168.222.1" }] },
            /interface virbr0 \(192.168.222.1\)/,
        ],
    ];
    for (const [what, facts, message] of overlapping) {
        it(`finds the provisioning network in use: ${what}`, () => {
            expect(problems(facts)).to.have.length(1);
            expect(problems(facts)[0])
                .to.match(/^provisioningCidr = 192.168.222.0\/24/)
                .and.match(message);
        });
    }

    it("leaves neighbours alone", () => {
        expect(
            problems({
                dockerNetworks: [{ name: "next", cidr: "192.168.223.0/24" }],
                interfaces: [{ name: "eth1", address: "192.168.221.255" }],
            }),
        ).to.deep.equal([]);
    });

    it("says which images are not built, and what builds them", () => {
        expect(
            problems({ missingImages: ["metal3-scale-lab/fkas:0123456789ab", "metal3-scale-lab/node:ba9876543210"] }),
        ).to.deep.equal([
            "images = auto: lacks metal3-scale-lab/fkas:0123456789ab, metal3-scale-lab/node:ba9876543210, " +
                "not built yet on this machine: 'npm run setup' does",
        ]);
    });

    it("names everything at once: port, disk and network", () => {
        const all = problems({
            apiPortTaken: true,
            disk: { mountPoint: "/var", freeGib: 0.5 },
            dockerNetworks: [{ name: "other", cidr: "192.168.222.0/24" }],
        });
        expect(all).to.have.length(3);
        expect(all.join("\n"))
            .to.include(`apiPort = ${substrateOf("embedded", planned).node.apiPort}`)
            .and.include("0.5 GiB are free at /var, where");
    });

    it("finds the port of the API in use, unless the lab's own node has it", async () => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        // A node that runs, with this port of the machine.
        const docker = (PublicPort: number): Docker =>
            ({ listContainers: () => Promise.resolve([{ Ports: [{ PublicPort }] }]) }) as unknown as Docker;
        try {
            expect(await isApiPortTaken({ name: "node", apiPort: port }, docker(port))).to.equal(false);
            expect(await isApiPortTaken({ name: "node", apiPort: port }, docker(port + 1))).to.equal(true);
        } finally {
            await new Promise((resolve) => server.close(resolve));
        }
        expect(await isApiPortTaken({ name: "node", apiPort: port }, docker(port + 1))).to.equal(false);
    });

    it("refuses only growth where the disk is nearly full: shrinking makes room", () => {
        const disk = { mountPoint: "/var/lib/docker", freeGib: 4.5 };
        expect(problems({ disk }, false)).to.deep.equal([]);
        expect(problems({ disk })).to.deep.equal([
            "nodes = 4: a lab that grows needs 5 GiB of free disk, and 4.5 GiB are free at /var/lib/docker, where " +
                "Docker keeps its data: make room there, or let the lab be as large as it is",
        ]);
    });

    it("finds the file system of a directory, and none where a remote Docker has it", async () => {
        const disk = await diskOf("/proc/self");
        expect(disk?.mountPoint).to.equal("/proc");
        expect(await diskOf("/no/such/folder")).to.equal(undefined);
    });

    const sizes: [string, Raw, Raw, boolean][] = [
        ["a lab that gets a host", { nodes: "4" }, { nodes: "5" }, true],
        [
            "a lab that gets a cluster and loses hosts",
            { nodes: "8", clusters: "1" },
            { nodes: "4", clusters: "2" },
            true,
        ],
        ["a lab that stays as it is", { nodes: "4" }, { nodes: "4" }, false],
        ["a lab that shrinks", { nodes: "4", clusters: "2" }, { nodes: "2", clusters: "1" }, false],
    ];
    for (const [what, before, after, expected] of sizes) {
        it(`takes ${what} for one that ${expected ? "grows" : "does not grow"}`, () => {
            expect(grows(living(before), plan(validate(after), "test"))).to.equal(expected);
        });
    }

    it("takes a lab that is not there for one that grows, also without hosts", () => {
        const empty = { nodes: "0", clusters: "0" };
        expect(grows(livingLab("test", {}), plan(validate(empty), "test"))).to.equal(true);
        expect(grows(living(empty), plan(validate(empty), "test"))).to.equal(false);
    });
});
