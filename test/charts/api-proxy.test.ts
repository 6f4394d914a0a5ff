import { rm, writeFile } from "node:fs/promises";
import type http from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { builtImage, noImage } from "../lab-image";
import { skipBecause } from "../skip";
import { ApiProxy, LISTING } from "./nginx";

/** Milliseconds after which nginx no longer repeats an answer that is valid for one second: it counts whole seconds. */
const EXPIRY = 2100;
const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`ironic:${password}`).toString("base64")}`,
});

describe("charts/ironic: the API of a conductor behind nginx, in the image of the image server", function () {
    this.timeout(60_000);

    let proxy: ApiProxy | undefined;
    let asked: { method: string; url: string; headers: http.IncomingHttpHeaders }[] = [];
    let answerAfter = 0;

    before(async function () {
        const image = builtImage("image-server");
        if (image === undefined) {
            skipBecause(this, noImage("image-server"));
        }
        proxy = await ApiProxy.start(
            image,
            { "conductor.apiProxy.availabilityCacheSeconds": 1, "conductor.apiProxy.nodeListCacheSeconds": 1 },
            (request, response) => {
                asked.push({ method: request.method!, url: request.url!, headers: request.headers });
                const known =
                    request.headers.authorization === basic("right").authorization ||
                    request.url === "/v1/" ||
                    request.url === "/";
                setTimeout(
                    () =>
                        response
                            .writeHead(known ? 200 : 401, { "content-type": "application/json" })
                            .end(`{"asked":${asked.length}}`),
                    answerAfter,
                );
            },
        );
    });
    after(() => proxy?.stop());
    beforeEach(async () => {
        // The answers to earlier tests have expired by then.
        await delay(EXPIRY);
        asked = [];
        answerAfter = 0;
    });

    it("Ironic answers BMO's frequent questions once a second for the same credentials and versions", async () => {
        for (const target of ["/v1/", "/v1/drivers", LISTING]) {
            asked = [];
            const first = await proxy!.get(target, basic("right"));
            const second = await proxy!.get(target, basic("right"));
            expect(asked, target).to.have.length(1);
            expect(second.headers["x-cache-status"]).to.equal("HIT");
            expect(second.body).to.equal(first.body);
            await proxy!.get(target, { ...basic("right"), "x-openstack-ironic-api-version": "1.89" });
            await proxy!.get(target, { ...basic("right"), "openstack-api-version": "baremetal 1.89" });
            await proxy!.get(target, { ...basic("right"), accept: "text/html" });
            expect(asked, target).to.have.length(4);
            await delay(EXPIRY);
            expect((await proxy!.get(target, basic("right"))).headers["x-cache-status"]).to.equal("EXPIRED");
            expect(asked, target).to.have.length(5);
        }
    });

    it("nginx never gives an answer of others to a client with wrong credentials or none", async () => {
        for (const target of ["/v1/drivers", LISTING]) {
            expect((await proxy!.get(target, basic("right"))).status).to.equal(200);
            expect((await proxy!.get(target, basic("right"))).headers["x-cache-status"]).to.equal("HIT");
            expect((await proxy!.get(target)).status).to.equal(401);
            expect((await proxy!.get(target, basic("wrong"))).status).to.equal(401);
            // nginx does not cache a refusal.
            asked = [];
            expect((await proxy!.get(target, basic("wrong"))).status).to.equal(401);
            expect(asked).to.have.length(1);
        }
    });

    it("nginx repeats the answer when BMO asks without credentials whether Ironic is there", async () => {
        const gophercloud = { "user-agent": "gophercloud/v2.12.0" };
        for (const status of ["MISS", "HIT"]) {
            expect((await proxy!.get("/v1/", gophercloud)).headers["x-cache-status"]).to.equal(status);
        }
        expect(asked).to.have.length(1);
        // A question that needs credentials needs them from gophercloud, too.
        await proxy!.get("/v1/drivers", basic("right"));
        for (let i = 0; i < 2; i++) {
            expect((await proxy!.get("/v1/drivers", gophercloud)).status).to.equal(401);
        }
        expect(asked).to.have.length(4);
    });

    it("Ironic answers every probe, and every other question", async () => {
        const requests: [string, Record<string, string>, string][] = [
            ["/v1/", {}, "GET"],
            ["/v1/", { "user-agent": "kube-probe/1.35" }, "GET"],
            ["/v1/", { "user-agent": "not-gophercloud/1" }, "GET"],
            ["/v1/nodes/x", { "user-agent": "gophercloud/v2.12.0" }, "GET"],
            ["/v1/nodes/x", basic("right"), "GET"],
            ["/v1/nodes", basic("right"), "GET"],
            [`${LISTING}&marker=x`, basic("right"), "GET"],
            ["/v1/drivers?detail=true", basic("right"), "GET"],
            ["/v1/nodes", basic("right"), "POST"],
            [LISTING, basic("right"), "POST"],
        ];
        for (const [target, headers, method] of requests) {
            asked = [];
            const status = target === "/v1/" || "authorization" in headers ? 200 : 401;
            for (let i = 0; i < 2; i++) {
                expect((await proxy!.get(target, headers, method)).status, target).to.equal(status);
            }
            expect(asked.map((request) => `${request.method} ${request.url}`)).to.deep.equal([
                `${method} ${target}`,
                `${method} ${target}`,
            ]);
        }
    });

    it("Ironic gets one of forty requests that ask the same at the same time", async () => {
        await proxy!.get(LISTING, basic("right"));
        await delay(EXPIRY);
        asked = [];
        answerAfter = 300;
        const answers = await Promise.all(Array.from({ length: 40 }, () => proxy!.get(LISTING, basic("right"))));
        expect(answers.map(({ status }) => status)).to.deep.equal(Array(40).fill(200));
        expect(asked).to.have.length(1);
    });

    it("/alive answers 503 while the sidecar requests a restart", async () => {
        const alive = async () => (await fetch(`${proxy!.files}/alive`)).status;
        const restart = path.join(proxy!.folder, "state/restart");
        expect(await alive()).to.equal(200);
        await writeFile(restart, "");
        expect(await alive()).to.equal(503);
        expect((await fetch(`${proxy!.files}/healthz`)).status).to.equal(200);
        await rm(restart);
        expect(await alive()).to.equal(200);
    });

    it("nginx tells Ironic the client's address and protocol, and clients cannot forge them", async () => {
        await proxy!.get("/v1/nodes/x", {
            ...basic("right"),
            host: "ironic.metal3.svc:6385",
            "x-forwarded-for": "1.2.3.4",
            "x-forwarded-proto": "http",
            "x-forwarded-host": "evil",
            "x-forwarded-prefix": "/evil",
            forwarded: "host=evil",
        });
        expect(asked[0]!.headers).to.include({
            host: "ironic.metal3.svc:6385",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "https",
            ...basic("right"),
        });
        expect(asked[0]!.headers).to.not.have.any.keys(
            "x-forwarded-host",
            "x-forwarded-prefix",
            "forwarded",
            "connection",
        );
    });

    it("nginx answers 502 while Ironic is not there, and works again as soon as it is", async () => {
        await proxy!.get("/v1/drivers", basic("right"));
        await delay(EXPIRY);
        await proxy!.stopIronic();
        for (const target of ["/v1/", "/v1/nodes/x", "/v1/drivers"]) {
            expect((await proxy!.get(target, basic("right"))).status, target).to.equal(502);
        }
        await proxy!.startIronic();
        expect((await proxy!.get("/v1/", {})).status).to.equal(200);
    });
});
