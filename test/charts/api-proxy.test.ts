import { rm, writeFile } from "node:fs/promises";
import type http from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { builtImage } from "../lab-image";
import { find, parseIni, render } from "./helm";
import { ApiProxy, nginxConf } from "./nginx";

const LISTING = "/v1/nodes?fields=uuid%2Cname%2Cprovision_state%2Cboot_interface";
/** nginx counts whole seconds: what is good for one may be given for nearly two. */
const UNTIL_OLD = 2100;
const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`ironic:${password}`).toString("base64")}`,
});
const ironicConf = (values: object) =>
    parseIni(
        find(render({ "provisioning.ips": ["192.168.222.100"], ...values }), "ConfigMap", "ironic-conductor-0")["data"][
            "ironic.conf"
        ],
    );
const pod = (values: object) =>
    find(render({ "provisioning.ips": ["192.168.222.100"], ...values }), "Deployment", "ironic-conductor-0")["spec"]
        .template.spec;

describe("charts/ironic: the API of a conductor", function () {
    this.timeout(60_000);

    it("is nginx's on the network and Ironic's on a socket of the pod, unless it is Ironic's altogether", () => {
        const behind = ironicConf({});
        expect(behind["api"]).to.include({
            unix_socket: "/run/api/ironic.sock",
            unix_socket_mode: "600",
            enable_ssl_api: "false",
        });
        expect(behind["oslo_middleware"]).to.deep.equal({ enable_proxy_headers_parsing: "true" });
        expect(nginxConf())
            .to.contain("listen 192.168.222.100:6385 ssl")
            .and.to.contain("server unix:/run/api/ironic.sock;");
        const [, http] = pod({}).initContainers;
        const [ironic] = pod({}).containers;
        expect(http.ports.map(({ name }: { name: string }) => name)).to.include("api");
        // The socket is its owner's alone.
        expect(http.securityContext.runAsUser).to.equal(ironic.securityContext.runAsUser);

        const alone = { "conductor.apiProxy.enabled": false };
        expect(ironicConf(alone)["api"]).to.include({
            host_ip: "192.168.222.100",
            port: "6385",
            enable_ssl_api: "true",
            cert_file: "/etc/ironic-tls/tls.crt",
        });
        expect(ironicConf(alone)).to.not.have.property("oslo_middleware");
        expect(nginxConf(alone)).to.not.contain("6385");
        expect(pod(alone).containers[0].ports.map(({ name }: { name: string }) => name)).to.include("api");
        expect(JSON.stringify(pod(alone))).to.not.contain("/run/api");
    });

    it("keeps answers, which hold credentials in their keys, in memory only", () => {
        expect(pod({}).volumes.find(({ name }: { name: string }) => name === "api").emptyDir.medium).to.equal("Memory");
        expect(nginxConf()).to.match(/proxy_cache_path \/run\/api\/cache /);
    });

    it("remembers nothing when the seconds are 0", () => {
        const none = nginxConf({
            "conductor.apiProxy.availabilityCacheSeconds": 0,
            "conductor.apiProxy.nodeListCacheSeconds": 0,
        });
        expect(none).to.not.match(/proxy_cache api|proxy_cache_valid/);
        expect(nginxConf({ "conductor.apiProxy.nodeListCacheSeconds": 0 }))
            .to.match(/location = \/v1\/drivers /)
            .and.not.match(/location = \/v1\/nodes /);
    });

    describe("behind nginx", () => {
        let proxy: ApiProxy | undefined;
        let asked: { method: string; url: string; headers: http.IncomingHttpHeaders }[] = [];
        let answerAfter = 0;

        before(async function () {
            const image = builtImage("image-server");
            // Only where the lab's images have been built; `npm run test:e2e` builds them.
            if (image === undefined) {
                return this.skip();
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
            // What an earlier test was answered is too old by then.
            await delay(UNTIL_OLD);
            asked = [];
            answerAfter = 0;
        });

        it("answers BMO's frequent questions once a second, to the same credentials and versions", async () => {
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
                await delay(UNTIL_OLD);
                expect((await proxy!.get(target, basic("right"))).headers["x-cache-status"]).to.equal("EXPIRED");
                expect(asked, target).to.have.length(5);
            }
        });

        it("never answers who has no credentials, or wrong ones, with what others were answered", async () => {
            for (const target of ["/v1/drivers", LISTING]) {
                expect((await proxy!.get(target, basic("right"))).status).to.equal(200);
                expect((await proxy!.get(target, basic("right"))).headers["x-cache-status"]).to.equal("HIT");
                expect((await proxy!.get(target)).status).to.equal(401);
                expect((await proxy!.get(target, basic("wrong"))).status).to.equal(401);
                // And a refusal is not remembered.
                asked = [];
                expect((await proxy!.get(target, basic("wrong"))).status).to.equal(401);
                expect(asked).to.have.length(1);
            }
        });

        it("answers BMO, which asks without credentials whether Ironic is there, once a second", async () => {
            const gophercloud = { "user-agent": "gophercloud/v2.12.0" };
            for (const status of ["MISS", "HIT"]) {
                expect((await proxy!.get("/v1/", gophercloud)).headers["x-cache-status"]).to.equal(status);
            }
            expect(asked).to.have.length(1);
            // What needs credentials needs them of it, too.
            await proxy!.get("/v1/drivers", basic("right"));
            for (let i = 0; i < 2; i++) {
                expect((await proxy!.get("/v1/drivers", gophercloud)).status).to.equal(401);
            }
            expect(asked).to.have.length(4);
        });

        it("asks Ironic whenever a probe asks, or anyone anything else", async () => {
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

        it("asks once for a burst of the same question", async () => {
            await proxy!.get(LISTING, basic("right"));
            await delay(UNTIL_OLD);
            asked = [];
            answerAfter = 300;
            const answers = await Promise.all(Array.from({ length: 40 }, () => proxy!.get(LISTING, basic("right"))));
            expect(answers.map(({ status }) => status)).to.deep.equal(Array(40).fill(200));
            expect(asked).to.have.length(1);
        });

        it("says that the conductor lives until the sidecar wants it started anew", async () => {
            const alive = async () => (await fetch(`${proxy!.files}/alive`)).status;
            const restart = path.join(proxy!.folder, "state/restart");
            expect(await alive()).to.equal(200);
            await writeFile(restart, "");
            expect(await alive()).to.equal(503);
            expect((await fetch(`${proxy!.files}/healthz`)).status).to.equal(200);
            await rm(restart);
            expect(await alive()).to.equal(200);
        });

        it("tells Ironic who asks, over what, and lets no client say it", async () => {
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

        it("says 502 while Ironic is not there, and works again as soon as it is", async () => {
            await proxy!.get("/v1/drivers", basic("right"));
            await delay(UNTIL_OLD);
            await proxy!.stopIronic();
            for (const target of ["/v1/", "/v1/nodes/x", "/v1/drivers"]) {
                expect((await proxy!.get(target, basic("right"))).status, target).to.equal(502);
            }
            await proxy!.startIronic();
            expect((await proxy!.get("/v1/", {})).status).to.equal(200);
        });
    });
});
