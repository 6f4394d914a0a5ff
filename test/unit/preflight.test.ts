import { expect } from "chai";
import { machineProblems, type MachineFacts } from "../../machine/embedded/preflight";
import { plan } from "../../plan/plan";
import { validate } from "../../plan/validate";

const config = validate({});
const planned = plan(config, "dev");
const fine: MachineFacts = {
    dockerNetworks: [{ name: "bridge", cidr: "172.17.0.0/16" }],
    interfaces: [{ name: "eth0", address: "10.0.0.5" }],
    apiPortTaken: false,
    freeGib: 50,
    missingImages: [],
};
const problems = (facts: Partial<MachineFacts>) =>
    machineProblems({ config, plan: planned }, { ...fine, ...facts }).map(
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
            "images = build: lacks metal3-scale-lab/fkas:0123456789ab, metal3-scale-lab/node:ba9876543210, " +
                "not built yet on this machine: 'npm run setup' does",
        ]);
    });

    it("names everything at once: port, disk and network", () => {
        const all = problems({
            apiPortTaken: true,
            freeGib: 0.5,
            dockerNetworks: [{ name: "other", cidr: "192.168.222.0/24" }],
        });
        expect(all).to.have.length(3);
        expect(all.join("\n"))
            .to.include(`apiPort = ${planned.substrate.node.apiPort}`)
            .and.include("0.5 GiB are free");
    });
});
