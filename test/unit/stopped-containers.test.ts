import { expect } from "chai";
import type Docker from "dockerode";
import { startCommand, startStopped, stoppedContainers } from "../../machine/docker/stopped";
import { UserError } from "../../plan/user-error";

const NODE = { Id: "n", Names: ["/m3lab-dev-control-plane"], State: "exited", Status: "Exited (137) 1 hour ago" };
const AGENT = { Id: "a", Names: ["/m3lab-dev-pair-000-fake-ipa"], State: "paused", Status: "Up 1 hour (Paused)" };

/** A Docker that lists these containers. A started one is healthy at its second look; none is healthy before. */
function fakeDocker(listed: (typeof NODE)[], startError?: Error) {
    const calls: string[] = [];
    let looks = 0;
    const docker = {
        listContainers: ({ filters }: { filters: { label: string[]; status: string[] } }) => {
            calls.push(`list ${filters.label.join()} ${filters.status.join()}`);
            return Promise.resolve(listed);
        },
        getContainer: (id: string) => ({
            start: () => {
                calls.push(`start ${id}`);
                return startError === undefined ? Promise.resolve() : Promise.reject(startError);
            },
            unpause: () => Promise.resolve(calls.push(`unpause ${id}`)),
            inspect: () => {
                looks += 1;
                const Health = id === "n" ? { Status: looks > 1 ? "healthy" : "starting" } : undefined;
                calls.push(`inspect ${id} ${Health?.Status ?? "without a health check"}`);
                return Promise.resolve({ State: { Running: true, Status: "running", Health } });
            },
        }),
    };
    return { docker: docker as unknown as Docker, calls };
}

describe("The containers of a lab that stand still", () => {
    it("are those that were stopped, killed or paused, each with the command that makes it go on", async () => {
        const { docker, calls } = fakeDocker([NODE, AGENT]);
        expect((await stoppedContainers("m3lab-dev", docker)).map(startCommand)).to.deep.equal([
            "docker start m3lab-dev-control-plane",
            "docker unpause m3lab-dev-pair-000-fake-ipa",
        ]);
        expect(calls).to.deep.equal(["list metal3-scale-lab=m3lab-dev exited,paused"]);
    });

    it("are started, and a node is waited for until it is healthy", async () => {
        const { docker, calls } = fakeDocker([NODE]);
        const said: string[] = [];
        await startStopped("m3lab-dev", (text) => said.push(text), docker);
        expect(calls.slice(1)).to.deep.equal(["start n", "inspect n starting", "inspect n healthy"]);
        expect(said).to.deep.equal([
            "starts the container m3lab-dev-control-plane, which stands still: Exited (137) 1 hour ago",
        ]);
    });

    it("go on at once where they have no health check", async () => {
        const { docker, calls } = fakeDocker([AGENT]);
        await startStopped("m3lab-dev", () => undefined, docker);
        expect(calls.slice(1)).to.deep.equal(["unpause a", "inspect a without a health check"]);
    });

    it("end the run with the command and Docker's reason where one cannot be started", async () => {
        const { docker } = fakeDocker([NODE], new Error("address already in use"));
        const error = await startStopped("m3lab-dev", () => undefined, docker).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(UserError);
        expect((error as Error).message).to.equal(
            "The container m3lab-dev-control-plane of the lab stands still. " +
                "'docker start m3lab-dev-control-plane' failed: address already in use",
        );
    });
});
