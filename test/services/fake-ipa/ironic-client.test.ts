import type { Socket } from "node:net";
import { expect } from "chai";
import { HttpClient } from "../../../services/fake-ipa/http.js";
import { inventoryOf } from "../../../services/fake-ipa/inventory.js";
import { faultOf, IronicClient } from "../../../services/fake-ipa/ironic-client.js";
import { rawServer } from "./raw-server.js";
import { ScriptedIronic } from "./scripted-ironic.js";
import { FakeClock, freePort, macOf, nodeOf, system } from "./support.js";

const never = new AbortController().signal;
const heartbeat = { callback_url: "http://x", agent_token: "t", agent_version: "13.0.0" };

describe("The client for Ironic", function () {
    this.timeout(20_000);
    let http: HttpClient;
    const client = (urls: string[], timeoutMs = 400): IronicClient =>
        new IronicClient(
            http,
            { api: urls, inspection: urls.map((url) => `${url}/v1/continue_inspection`) },
            timeoutMs,
            new FakeClock(),
        );
    beforeEach(() => {
        http = new HttpClient({ caFile: undefined, insecure: false }, 8);
    });
    // Also after a failure: a server left open would keep mocha from ending.
    const closing: (() => Promise<unknown>)[] = [];
    const scripted = async (): Promise<ScriptedIronic> => {
        const ironic = await new ScriptedIronic().start();
        closing.push(() => ironic.server.close());
        return ironic;
    };
    const raw = async (handle: (socket: Socket, data: string) => void): ReturnType<typeof rawServer> => {
        const server = await rawServer(handle);
        closing.push(server.close);
        return server;
    };
    afterEach(async () => {
        await http.close();
        await Promise.all(closing.splice(0).map((close) => close()));
    });

    for (const [what, handle, reason] of [
        ["hangs", () => undefined, "no answer within 0.4 s"],
        [
            "closes",
            (socket) => {
                socket.end();
            },
            "did not answer",
        ],
        [
            "resets",
            (socket) => {
                socket.resetAndDestroy();
            },
            "did not answer",
        ],
        [
            "speaks no HTTP",
            (socket) => {
                socket.end("SSH-2.0-OpenSSH\r\n\r\n");
            },
            "did not answer",
        ],
        [
            "sends half an answer",
            (socket) => {
                socket.end("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{");
            },
            "did not answer",
        ],
        [
            "stops within an answer",
            (socket) => {
                socket.write("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\n{");
            },
            "no answer within 0.4 s",
        ],
        [
            "answers with 100 MB",
            (socket) => {
                socket.write("HTTP/1.1 202 Accepted\r\ncontent-length: 104857600\r\n\r\n");
                const chunk = Buffer.alloc(1 << 20, 0x20);
                const pump = (): void => {
                    while (!socket.destroyed && socket.write(chunk)) {
                        // until the buffer is full
                    }
                };
                socket.on("drain", pump);
                pump();
            },
            "did not answer",
        ],
    ] as [string, (socket: Socket) => void, string][]) {
        it(`reports an error, after which agents try again: ${what}`, async () => {
            const server = await raw(handle);
            const timeoutMs = what.includes("100 MB") ? 10_000 : 400;
            const beat = await client([server.url], timeoutMs).heartbeat(nodeOf(1), heartbeat, never);
            expect(beat).to.have.property("kind", "error");
            expect((beat as { reason: string }).reason)
                .to.contain(server.url)
                .and.contain(reason);
            expect(
                (await client([server.url], timeoutMs).inspect(macOf(1), inventoryOf(system(1)), never)).kind,
            ).to.equal("error");
        });
    }

    for (const [status, body, lookup, inspection, beat] of [
        [404, { error_message: '{"faultstring": "not found"}' }, "not-expected", "not-inspecting", "unknown-node"],
        [409, { error_message: { faultstring: "Node is locked" } }, "locked", "locked", "locked"],
        [500, "oops", "error", "error", "error"],
        [503, "<html>no</html>", "error", "error", "error"],
        [
            400,
            { error_message: { faultstring: "Invalid or missing agent token received." } },
            "error",
            "error",
            "bad-token",
        ],
        [
            400,
            { error_message: { faultstring: "Detected change in ramdisk provided callback_url" } },
            "error",
            "error",
            "error",
        ],
        [400, { faultstring: "No valid host was found" }, "error", "error", "error"],
        [401, "", "error", "error", "error"],
        [302, "", "error", "error", "error"],
        [202, "", "error", "accepted", "accepted"],
        [200, "<html>", "error", "accepted", "accepted"],
        [200, { node: {}, config: {} }, "error", "accepted", "accepted"],
        [
            200,
            { node: { uuid: "../x" }, config: { heartbeat_timeout: 60, agent_token: "t" } },
            "error",
            "accepted",
            "accepted",
        ],
        [
            200,
            { node: { uuid: nodeOf(1) }, config: { heartbeat_timeout: 0, agent_token: "t" } },
            "error",
            "accepted",
            "accepted",
        ],
        [200, null, "error", "accepted", "accepted"],
    ] as [number, unknown, string, string, string][]) {
        it(`understands the answer ${status} ${JSON.stringify(body).slice(0, 60)}`, async () => {
            const ironic = await scripted();
            ironic.lookup =
                ironic.inspect =
                ironic.heartbeat =
                    () => (_request, reply) =>
                        reply
                            .code(status)
                            .type(typeof body === "string" ? "text/html" : "application/json")
                            .send(typeof body === "string" ? body : JSON.stringify(body));
            const under = client([ironic.url]);
            expect([
                (await under.lookup(macOf(1), never)).kind,
                (await under.inspect(macOf(1), inventoryOf(system(1)), never)).kind,
                (await under.heartbeat(nodeOf(1), heartbeat, never)).kind,
            ]).to.deep.equal([lookup, inspection, beat]);
        });
    }

    it("takes no mask for a token", async () => {
        const ironic = await scripted();
        const under = client([ironic.url]);
        const first = await under.lookup(macOf(1), never);
        expect(first).to.deep.equal({
            kind: "found",
            nodeUuid: nodeOf(1),
            heartbeatTimeoutSeconds: 60,
            token: ironic.tokens.get(nodeOf(1)),
        });
        expect(await under.lookup(macOf(1), never)).to.deep.equal({ ...first, token: undefined });
    });

    it("asks another server if one does not answer or has no conductor, and avoids that one for a while", async () => {
        const good = await scripted();
        const bad = await scripted();
        bad.heartbeat = () => ({ status: 503 });
        const hanging = await raw(() => undefined);
        const refusing = `http://127.0.0.1:${await freePort()}`;
        const under = client([refusing, hanging.url, bad.url, good.url], 300);
        const started = Date.now();
        for (let index = 0; index < 40; index++) {
            expect((await under.heartbeat(nodeOf(index), heartbeat, never)).kind).to.equal("accepted");
        }
        expect(good.of(/heartbeat/).length).to.equal(40);
        expect(bad.of(/heartbeat/).length).to.be.within(0, 1);
        expect(hanging.requests()).to.be.within(0, 1);
        expect(Date.now() - started).to.be.below(2_000);
        await good.server.close();
        const none = await under.heartbeat(nodeOf(1), heartbeat, never);
        expect(none.kind).to.equal("error");
    });

    it("ends a request when the agent is stopped", async () => {
        const server = await raw(() => undefined);
        const stop = new AbortController();
        setTimeout(() => {
            stop.abort();
        }, 50);
        const started = Date.now();
        expect(await client([server.url], 5_000).lookup(macOf(1), stop.signal)).to.deep.equal({
            kind: "error",
            reason: "the agent was stopped",
        });
        expect(Date.now() - started).to.be.below(1_000);
    });

    it("finds Ironic's error text in each form of answer", () => {
        for (const json of [
            { faultstring: "words" },
            { error_message: { faultstring: "words" } },
            { error_message: '{"faultstring": "words"}' },
            { error_message: "words" },
            { title: "words" },
        ]) {
            expect(faultOf({ status: 400, json, text: "" })).to.equal("400 words");
        }
        expect(faultOf({ status: 500, json: undefined, text: "x".repeat(1000) })).to.have.length(304);
    });
});
