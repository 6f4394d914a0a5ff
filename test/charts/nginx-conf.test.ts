import { expect } from "chai";
import { conductorPod, ironicConf, renderConductors } from "./helm";
import { LISTING, nginxConf } from "./nginx";

const configuration = (values: object) => ironicConf(renderConductors(1, values));
const pod = (values: object) => conductorPod(renderConductors(1, values));

describe("charts/ironic: nginx.conf of a conductor", function () {
    this.timeout(30_000);

    it("nginx listens on the network, and Ironic on a socket; without apiProxy Ironic listens on the network", () => {
        const behind = configuration({});
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
        // Only the socket's owner may connect to it.
        expect(http.securityContext.runAsUser).to.equal(ironic.securityContext.runAsUser);

        const alone = { "conductor.apiProxy.enabled": false };
        expect(configuration(alone)["api"]).to.include({
            host_ip: "192.168.222.100",
            port: "6385",
            enable_ssl_api: "true",
            cert_file: "/etc/ironic-tls/tls.crt",
        });
        expect(configuration(alone)).to.not.have.property("oslo_middleware");
        expect(nginxConf(alone)).to.not.contain("6385");
        expect(pod(alone).containers[0].ports.map(({ name }: { name: string }) => name)).to.include("api");
        expect(JSON.stringify(pod(alone))).to.not.contain("/run/api");
    });

    it("nginx keeps its cache in memory, because the keys hold credentials", () => {
        expect(pod({}).volumes.find(({ name }: { name: string }) => name === "api").emptyDir.medium).to.equal("Memory");
        expect(nginxConf()).to.match(/proxy_cache_path \/run\/api\/cache /);
    });

    it("nginx caches nothing when the seconds are 0", () => {
        const none = nginxConf({
            "conductor.apiProxy.availabilityCacheSeconds": 0,
            "conductor.apiProxy.nodeListCacheSeconds": 0,
        });
        expect(none).to.not.match(/proxy_cache api|proxy_cache_valid/);
        expect(nginxConf({ "conductor.apiProxy.nodeListCacheSeconds": 0 }))
            .to.match(/location = \/v1\/drivers /)
            .and.not.match(/location = \/v1\/nodes /);
    });

    it("The cache's key holds all that an answer depends on, the credentials first of all", () => {
        const key = /proxy_cache_key "([^"]+)";/.exec(nginxConf())?.[1];
        // A key without one of these would give an answer to a request that it was not made for.
        expect(key?.split(" ")).to.have.members([
            "$request_method",
            "$request_uri",
            "$http_authorization",
            "$http_x_openstack_ironic_api_version",
            "$http_openstack_api_version",
            "$http_accept",
            "$http_host",
        ]);
    });

    it("nginx caches three questions, and no answer to a client without credentials but gophercloud", () => {
        const conf = nginxConf();
        const map = (variable: string) =>
            new RegExp(`map [^{]+ \\${variable} {([^}]+)}`)
                .exec(conf)![1]!
                .split(";")
                .map((entry) => entry.trim())
                .filter((entry) => entry !== "");
        expect(map("$uncached_uri")).to.deep.equal(["/v1/ 0", "/v1/drivers 0", `${LISTING} 0`, "default 1"]);
        expect(map("$anonymous")).to.deep.equal(["~^:gophercloud/ 0", "~^: 1", "default 0"]);
        for (const directive of ["proxy_cache_bypass", "proxy_no_cache"]) {
            expect(conf).to.contain(`${directive} $uncached_uri $anonymous;`);
        }
        expect(conf.match(/proxy_cache api;/g)).to.have.length(3);
    });
});
