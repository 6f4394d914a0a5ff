import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join as path } from "node:path";
import { expect } from "chai";
import { join } from "../../tasks/worker-node/join";
import { leave } from "../../tasks/worker-node/leave";
import { repairOf, settleWorkers } from "../../tasks/worker-node/settle";

/**
 * A Docker that writes down what it is called for. The files `absent`, `stopped`, `stuck`, `slow` and `unready` say
 * what is wrong.
 */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
printf '%s\n' "$*" >> calls
case "$*" in
    "exec cp kubectl get node "*) [ -e absent ] || echo node/w1 ;;
    "exec cp kubectl get nodes "*) cat nodes ;;
    "inspect "*w9) exit 1 ;;
    "exec cp kubectl get pods "*) echo metal3/lonely ;;
    "exec cp kubectl drain "*)
        [ ! -e stuck ] || { echo "error when evicting pods/lonely: it would violate its budget" >&2
            echo "evicting pod metal3/lonely" >&2; exit 1; }
        echo "evicting pod metal3/fkas-0"; echo "pod/fkas-0 evicted" ;;
    "exec cp kubectl wait "*) [ ! -e slow ] || { echo "timed out waiting for fkas-0" >&2; exit 1; } ;;
    "inspect "*) [ -e stopped ] && echo false || echo true ;;
    "exec w1 "*ready.sh) [ ! -e unready ] || { echo "node w1 is not Ready: ''" >&2; exit 1; } ;;
esac
`;

describe("A worker", () => {
    let folder: string;
    let before: string | undefined;
    let said: string[];
    beforeEach(async () => {
        folder = await mkdtemp(path(tmpdir(), "worker-node-"));
        await writeFile(path(folder, "docker"), DOCKER, { mode: 0o755 });
        before = process.env["PATH"];
        process.env["PATH"] = `${folder}${delimiter}${before ?? ""}`;
        said = [];
    });
    afterEach(async () => {
        process.env["PATH"] = before;
        await rm(folder, { recursive: true });
    });
    const calls = async (): Promise<string[]> =>
        (await readFile(path(folder, "calls"), "utf8"))
            .trim()
            .split("\n")
            .map((line) => line.replace("exec cp kubectl ", "").split(" ").slice(0, 4).join(" "));
    const goes = (): Promise<void> => leave({ node: "w1", controlPlane: "cp", say: (text) => said.push(text) });

    it("joins once it may, and is awaited until it is Ready", async () => {
        await join("w1");
        expect(await calls()).to.deep.equal([
            "exec w1 touch /var/lib/lab-node/has-images",
            "exec w1 /usr/local/lib/lab-node/ready.sh",
        ]);
    });

    it("says why it is not Ready at the limit", async () => {
        await writeFile(path(folder, "unready"), "");
        const error = await join("w1", 0).catch((each: unknown) => each as Error);
        expect(error?.message).to.include("the node w1 to be Ready").and.include("node w1 is not Ready: ''");
    });

    it("is cordoned, drained and ended before its Node is deleted", async () => {
        await goes();
        expect(await calls()).to.deep.equal([
            "get node w1 --ignore-not-found",
            "annotate node w1 metal3-scale-lab/leaving=true",
            "cordon w1",
            "inspect --format {{.State.Running}} w1",
            "drain w1 --ignore-daemonsets --delete-emptydir-data",
            "wait --for=condition=Available deployments --all",
            "exec w1 sv -w",
            "delete node w1 --ignore-not-found",
        ]);
        expect(said).to.deep.equal(["w1: 1 pods evicted"]);
    });

    it("has nothing to do where it has left", async () => {
        await writeFile(path(folder, "absent"), "");
        await goes();
        expect(await calls()).to.deep.equal(["get node w1 --ignore-not-found"]);
        expect(said).to.deep.equal([]);
    });

    it("goes although pods cannot be evicted, and says which ones and why", async () => {
        await writeFile(path(folder, "stuck"), "");
        await writeFile(path(folder, "slow"), "");
        await goes();
        expect(said).to.have.length(2);
        expect(said[0]).to.include("These end with the node: metal3/lonely").and.include("violate its budget");
        expect(said[1]).to.include("timed out waiting for fkas-0");
        expect((await calls()).at(-1)).to.equal("delete node w1 --ignore-not-found");
    });

    it("is let stay, registered again or forgotten, as an earlier run has left it", async () => {
        await writeFile(path(folder, "nodes"), "cp \nw1 true\nw9 \nx1 true\n");
        const say = (text: string): void => void said.push(text);
        await settleWorkers({ controlPlane: "cp", workers: ["w1", "w2", "w3"], prefix: "w", say });
        const repairs = (await calls()).filter((each) =>
            /^(uncordon|annotate|delete|exec w\d sv|exec cp pkill)/.test(each),
        );
        expect(repairs).to.deep.equal([
            "exec cp pkill -f",
            "uncordon w1",
            "annotate node w1 metal3-scale-lab/leaving-",
            "exec w2 sv restart",
            "exec w3 sv restart",
            "delete node w9 --ignore-not-found",
        ]);
        expect(said).to.have.length(4);
    });

    it("is let alone where no control plane answers, as before a first up", async () => {
        await settleWorkers({ controlPlane: "cp", workers: ["w1"], prefix: "w", say: (text) => expect.fail(text) });
        expect(await calls()).to.have.length(1);
    });

    const sights: [string, Parameters<typeof repairOf>, ReturnType<typeof repairOf>][] = [
        [
            "a node that works",
            [{ name: "w1", node: { isLeaving: false }, runs: true, hasImages: true }, true],
            undefined,
        ],
        ["a node that is drained for good", [{ name: "w1", node: { isLeaving: true }, runs: true }, false], undefined],
        ["a node that is just made", [{ name: "w1", runs: true, hasImages: false }, true], undefined],
        ["a node that is not made yet", [{ name: "w1" }, true], undefined],
        ["a container that stands still", [{ name: "w1", runs: false }, true], undefined],
        ["a Node without a container that comes back", [{ name: "w1", node: { isLeaving: false } }, true], undefined],
        ["a Node without a container that does not", [{ name: "w1", node: { isLeaving: false } }, false], "forget"],
    ];
    for (const [what, sight, repair] of sights) {
        it(`gets the right repair: ${what}`, () => expect(repairOf(...sight)).to.equal(repair));
    }

    it("is not waited for where its container does not run", async () => {
        await writeFile(path(folder, "stopped"), "");
        await goes();
        expect((await calls()).filter((each) => /^(drain|wait)/.test(each))).to.deep.equal([]);
        expect(said).to.deep.equal(["w1 does not run: its pods are given up, and not evicted"]);
        expect((await calls()).at(-1)).to.equal("delete node w1 --ignore-not-found");
    });
});
