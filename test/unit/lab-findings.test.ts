import { expect } from "chai";
import { labFindings } from "../../cli/lab-findings";
import type { WantedLab } from "../../machine/wanted-lab";
import type { Problem } from "../../plan/problem";

describe("What the doctor says of a stack's lab", () => {
    const asked: (WantedLab | undefined)[] = [];
    const preflights = (problems: Problem[]) => {
        const look = async (wanted: WantedLab | undefined) => {
            asked.push(wanted);
            return problems;
        };
        return { embedded: look, minikube: look, existing: look };
    };
    const libvirt = { key: "libvirtUri", value: "qemu:///system", rule: "no libvirt answers there" };

    it("is nothing where the machine can hold it", async () =>
        expect(await labFindings("dev", {}, preflights([]))).to.deep.equal([]));

    it("is each problem that the next up would have with the machine", async () => {
        const config = { substrate: "minikube", nodes: "7", images: '{"source":"build"}' };
        expect(await labFindings("dev", config, preflights([libvirt]))).to.deep.equal([
            { what: "libvirtUri = qemu:///system", state: "problem", found: "no libvirt answers there" },
        ]);
        expect(asked.at(-1)?.plan.hosts).to.have.length(7);
    });

    it("is not that Docker or a program is missing, which has a row of its own", async () => {
        const docker = { key: "substrate", value: "embedded", rule: "needs Docker, which does not answer" };
        expect(await labFindings("dev", {}, preflights([docker]))).to.deep.equal([]);
    });

    it("is all that is wrong with the configuration, where it cannot be planned", async () => {
        const findings = await labFindings("dev", { nodes: "-1", conductors: "x" }, preflights([libvirt]));
        expect(findings.map(({ what, state }) => `${what} ${state}`)).to.deep.equal([
            'nodes = "-1" problem',
            'conductors = "x" problem',
        ]);
    });
});
