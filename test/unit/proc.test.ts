import { expect } from "chai";
import {
    allProcesses,
    machineMemory,
    namespacePids,
    parseBusySeconds,
    parseMemory,
    parseNamespacePids,
    parseProcessStat,
    parseSharedPages,
    processProgram,
    processStat,
    processTree,
    seesAllOfHostname,
} from "../../lib/proc";

describe("reading the files of /proc", () => {
    it("A process is read by the manual page's field numbers, whatever its name contains", () => {
        const fields = "S 10 42 42 0 -1 0 1 2 3 4 150 50 30 20 20 0 9 0 100 1000000 256 0 0";
        expect(parseProcessStat(`42 (a) b (c)) ${fields}\n`)).to.deep.equal({
            pid: 42,
            parent: 10,
            name: "a) b (c)",
            startTicks: 100,
            cpuSeconds: 2,
            childrenCpuSeconds: 0.5,
            residentPages: 256,
        });
    });

    it("A process in a container has a number in each namespace, the one that the container sees as the last", () => {
        expect(parseNamespacePids("Name:\tpulumi\nNSpid:\t28768\t14\nNSpgid:\t28768\t14\n")).to.deep.equal([28768, 14]);
        expect(namespacePids(process.pid)).to.include(process.pid);
        expect(namespacePids(2 ** 22 + 1)).to.deep.equal([]);
    });

    const sees: [string, number, number, boolean][] = [
        ["a process outside of containers", 4026531836, 4026531838, true],
        ["a process in a container with a hostname of its own", 4026532300, 4026532299, true],
        ["a process in a container with the machine's hostname", 4026532300, 4026531838, false],
    ];
    for (const [what, pid, uts, expected] of sees) {
        it(`All processes of its hostname are ${expected ? "" : "not "}seen by ${what}`, () => {
            expect(seesAllOfHostname((kind) => `${kind}:[${kind === "pid" ? pid : uts}]`)).to.equal(expected);
        });
    }

    it("Shared pages are the third number of statm", () => {
        expect(parseSharedPages("2100 190 90 5 0 77 0\n")).to.equal(90);
    });

    it("User, nice, system and interrupt time is busy; idle time, waits for the disk and stolen time are not", () => {
        expect(parseBusySeconds("cpu  100 10 50 100000 5000 3 2 7000 40 4\ncpu0 1 1 1 1\n")).to.equal(1.65);
        expect(() => parseBusySeconds("cpu0 1 2 3\nintr 5\n")).to.throw('no line that begins with "cpu "');
    });

    it("Memory is read in bytes, and a missing line is named", () => {
        const text = "MemTotal:       16384 kB\nMemFree:         100 kB\nMemAvailable:    8192 kB\nSwapTotal:  9 kB\n";
        expect(parseMemory(text)).to.deep.equal({ total: 16384 * 1024, available: 8192 * 1024 });
        expect(() => parseMemory("MemTotal:  16384 kB\n")).to.throw(
            '/proc/meminfo: it has no line "MemAvailable: … kB"',
        );
    });

    it("This machine has memory, and a part of it is available", () => {
        const { total, available } = machineMemory();
        expect(available)
            .to.be.greaterThan(2 ** 20)
            .and.to.be.lessThan(total);
    });
});

describe("the processes of this machine", () => {
    /** Larger than every PID that Linux gives (PID_MAX_LIMIT is 2^22). */
    const NONE = 2 ** 23;

    it("This process is among them, with its parent and its program", () => {
        const own = allProcesses().find(({ pid }) => pid === process.pid);
        expect(own?.parent).to.equal(process.ppid);
        expect(own?.name).to.equal(processStat(process.pid)?.name).and.not.equal(undefined);
        expect(processProgram(process.pid)).to.match(/node/);
    });

    it("A process that has ended has neither figures nor a program", () => {
        expect(processStat(NONE)).to.equal(undefined);
        expect(processProgram(NONE)).to.equal(undefined);
    });
});

describe("the tree of a process", () => {
    const process = (pid: number, parent: number) => ({
        pid,
        parent,
        name: "",
        startTicks: 0,
        cpuSeconds: 0,
        childrenCpuSeconds: 0,
        residentPages: 0,
    });
    // Children may come before their parents: PIDs are used again.
    const all = [process(12, 11), process(1, 0), process(10, 1), process(11, 10), process(20, 1), process(13, 10)];
    const pids = (root: number): number[] => processTree(all, root).map(({ pid }) => pid);

    it("A tree has the process first, then everything that it has started, and nothing else", () => {
        expect(pids(10)[0]).to.equal(10);
        expect(pids(10)).to.have.members([10, 11, 12, 13]);
        expect(pids(1)).to.have.members([1, 10, 11, 12, 13, 20]);
        expect(pids(20)).to.deep.equal([20]);
    });

    it("A process that has ended has no tree", () => {
        expect(pids(99)).to.deep.equal([]);
    });
});
