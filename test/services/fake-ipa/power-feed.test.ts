import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { expect } from "chai";
import type { Service } from "../../../services/fake-ipa/service.js";
import { call, pending, removeTemporaryDirectories, service, system, temporaryDirectory, uuidOf } from "./support.js";

interface Told {
    uuid: string;
    power: string;
    since: string;
    boot: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("The feed of power of fake-ipa", function () {
    this.timeout(20_000);
    let ipa: Service & { url: string };
    let reading: AbortController;

    beforeEach(() => {
        reading = new AbortController();
    });
    afterEach(async () => {
        reading.abort();
        await ipa.close(0);
    });
    after(removeTemporaryDirectories);

    /** What each line tells, one after the other. */
    async function follow(): Promise<() => Promise<Told[] | undefined>> {
        const answer = await fetch(`${ipa.url}/power`, { signal: reading.signal });
        expect(answer.headers.get("content-type")).to.equal("application/x-ndjson");
        const input = Readable.fromWeb(answer.body! as never);
        input.on("error", () => undefined);
        const lines = createInterface({ input })[Symbol.asyncIterator]();
        return async () => {
            const { value, done } = await lines.next();
            return done ? undefined : (JSON.parse(value) as { hosts: Told[] }).hosts;
        };
    }
    const put = (body: unknown): ReturnType<typeof call> => call("PUT", `${ipa.url}/`, body);

    it("tells first how all hosts are, then each change, and no repetition", async () => {
        ipa = await service({});
        const began = Date.now();
        await put(pending(1, "On", { boot_device: "Hdd" }));
        await put(pending(2, "Off"));
        const next = await follow();
        const [first, second] = (await next())!;
        expect(first).to.deep.include({ uuid: uuidOf(1), power: "On" });
        expect(first!.boot).to.match(UUID);
        expect(Date.parse(first!.since)).to.be.within(began - 1, Date.now());
        expect(second).to.deep.include({ uuid: uuidOf(2), power: "Off", boot: "" });

        const restart = pending(1, "ForceRestart", { boot_device: "Hdd" });
        await put(restart);
        await put(restart);
        const [restarted] = (await next())!;
        expect(restarted).to.deep.include({ uuid: uuidOf(1), power: "On", since: first!.since });
        expect(restarted!.boot).to.match(UUID).and.not.equal(first!.boot);

        // The boot device of a host that is on says nothing about its power.
        await put(system(1, { power_state: "On", boot_device: "Pxe" }));
        await put(system(1, { power_state: "Off", boot_device: "Hdd" }));
        const [stopped] = (await next())!;
        expect(stopped).to.deep.include({ uuid: uuidOf(1), power: "Off", boot: restarted!.boot });
        await put(pending(1, "On", { boot_device: "Hdd" }));
        const [started] = (await next())!;
        expect(started!.boot).to.match(UUID).and.not.equal(restarted!.boot);
    });

    it("tells the same boot after a restart of fake-ipa, and ends when it does", async () => {
        const settings = { stateDir: temporaryDirectory() };
        ipa = await service(settings);
        await put(pending(1, "On", { boot_device: "Hdd" }));
        const before = await follow();
        const first = await before();
        await ipa.close(0);
        expect(await before()).to.equal(undefined);

        ipa = await service(settings);
        expect(await (await follow())()).to.deep.equal(first);
    });
});
