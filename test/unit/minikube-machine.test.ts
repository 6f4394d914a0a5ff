import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { findLab } from "../../machine/holders";
import { MinikubeHolder } from "../../machine/minikube/holder";
import { firstOfEach, hostProblems } from "../../machine/minikube/preflight";
import { isOurs } from "../../machine/owner";
import { knownIds } from "../../machine/state-objects";
import { plan } from "../../plan/plan";
import type { MinikubePlan } from "../../plan/substrate/minikube";
import { substrateOf } from "../../plan/substrate/plan";
import { validate } from "../../plan/validate";
import { endStarts } from "../../toolchain/minikube";

const planned = (raw: Record<string, string> = {}): MinikubePlan =>
    substrateOf("minikube", plan(validate({ substrate: "minikube", ...raw }), "dev"));

describe("The machine that minikube's machine stands on", () => {
    it("is refused by key, value and rule where it is too small or has no KVM", () => {
        const fine = { cpus: 8, memoryMib: 32_000, isMade: false, hasMinikube: true };
        const small = { ...fine, cpus: 2, memoryMib: 8000, kvmError: "there is no /dev/kvm" };
        expect(hostProblems(planned({ minikubeCpus: "8" }), small).map(({ key }) => key)).to.deep.equal([
            "minikubeDriver",
            "minikubeCpus",
            "minikubeMemory",
        ]);
        const docker = planned({ minikubeDriver: "docker", minikubeCpus: "2", minikubeMemory: "8000" });
        expect(hostProblems(docker, small)).to.deep.equal([]);
        expect(hostProblems(planned(), fine)).to.deep.equal([]);
        expect(hostProblems(planned(), { ...fine, hasMinikube: false })[0]?.rule).to.include("not on PATH");
        // A machine that is there keeps its size, however many hosts the lab gets.
        expect(hostProblems(planned({ nodes: "2000", clusters: "0" }), { ...fine, isMade: true })).to.deep.equal([]);
        expect(hostProblems({ ...planned(), profile: "m3lab-my_lab" }, fine).map(({ key }) => key)).to.deep.equal([
            "stack",
        ]);
    });
});

describe("minikube as a holder of labs", () => {
    let home: string;
    beforeEach(async () => (home = await mkdtemp(join(tmpdir(), "minikube-home-"))));
    afterEach(() => rm(home, { recursive: true }));
    const machine = {
        urn:
            "urn:pulumi:dev::p::metal3lab:index:Lab$metal3lab:index:MinikubeCluster$command:local:Command" +
            "::kubernetes-machine",
    };

    it("holds nothing where there is no profile, and starts no program to find out", async () => {
        const holder = new MinikubeHolder(home);
        expect(holder.hasProfile("m3lab-dev")).to.equal(false);
        expect(await holder.runsCluster("m3lab-dev", [machine])).to.equal(false);
        expect(await holder.runningParts("m3lab-dev", AbortSignal.timeout(1000))).to.deep.equal([]);
        await holder.removeLeftovers("m3lab-dev", [], () => expect.fail("nothing is there to remove"));
    });

    it("knows the lab's profile, and leaves one alone that the state knows", async () => {
        await mkdir(join(home, ".minikube", "profiles", "m3lab-dev"), { recursive: true });
        await writeFile(join(home, ".minikube", "profiles", "m3lab-dev", "config.json"), "{}");
        const holder = new MinikubeHolder(home);
        expect(holder.hasProfile("m3lab-dev")).to.equal(true);
        expect(holder.hasProfile("m3lab-other")).to.equal(false);
        await holder.removeLeftovers("m3lab-dev", [machine], () => expect.fail("the state knows it"));
    });

    it("takes a profile of the lab's name for somebody else's, unless the state knows the lab's network", async () => {
        await mkdir(join(home, "profiles", "m3lab-dev"), { recursive: true });
        await writeFile(join(home, "profiles", "m3lab-dev", "config.json"), "{}");
        const lab = await findLab("m3lab-dev", [new MinikubeHolder(home)]);
        const here = { id: "us", state: "file:///s", checkout: "/c", user: "a@machine" };
        const network = { outputs: { name: "m3lab-dev" } };
        expect(lab && isOurs(lab, here, knownIds([]))).to.equal(false);
        expect(lab && isOurs(lab, here, knownIds([network]))).to.equal(true);
        expect(await findLab("m3lab-other", [new MinikubeHolder(home)])).to.equal(undefined);
    });
});

describe("A range that is taken", () => {
    it("is one problem, told by whoever knows most, though libvirt, Docker and the routes see it", () => {
        const problem = (key: string, rule: string) => ({ key, value: "v", rule });
        const [libvirt, route, other] = [problem("a", "libvirt"), problem("a", "route"), problem("b", "other")];
        expect(firstOfEach([libvirt, other, route])).to.deep.equal([libvirt, other]);
    });
});

describe("A start of minikube that a killed run has left", () => {
    it("is ended, and that of another profile is not", async () => {
        const folder = await mkdtemp(join(tmpdir(), "minikube-start-"));
        const program = join(folder, "minikube");
        await writeFile(program, "#!/bin/sh\nsleep 60 & wait\n", { mode: 0o755 });
        const begin = (profile: string) => spawn(program, ["start", `--profile=${profile}`], { stdio: "ignore" });
        const [ours, other] = [begin("m3lab-ended"), begin("m3lab-left")];
        try {
            await Promise.all([once(ours, "spawn"), once(other, "spawn")]);
            const exited = once(ours, "exit");
            expect(await endStarts("m3lab-ended")).to.deep.equal([ours.pid]);
            await exited;
            expect(other.exitCode).to.equal(null);
            expect(other.signalCode).to.equal(null);
        } finally {
            other.kill("SIGKILL");
            await rm(folder, { recursive: true });
        }
    });
});
