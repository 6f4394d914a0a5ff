import { expect } from "chai";
import { CHART, refusal, runHelm } from "./helm";

describe("charts/ironic: values that the chart refuses", function () {
    this.timeout(30_000);

    it("`helm lint --strict` finds no problem with the defaults nor with other choices", () => {
        for (const values of [
            [],
            ["--set", "imageServer.enabled=false,mariadb.persistence.enabled=false"],
            ["--set", "service.type=NodePort,service.nodePort=30385"],
            ["--set", "mariadb.external.host=db.example.org,provisioning.interface=eth1"],
            ["--set", "mariadb.persistence.hostPath=/var/lib/lab/mariadb"],
        ]) {
            const { status, output } = runHelm(["lint", "--strict", CHART, ...values]);
            expect(status, output).to.equal(0);
            expect(output)
                .to.contain("1 chart(s) linted, 0 chart(s) failed")
                .and.not.match(/\[(WARNING|ERROR)\]/);
        }
    });

    const cases: [string, object, RegExp][] = [
        ["no conductor at all", { "provisioning.ips": [] }, /provisioning\/ips.*minItems/],
        [
            "the same address for two conductors",
            { "provisioning.ips": ["192.168.222.100", "192.168.222.100"] },
            /provisioning\/ips.*(equal|unique)/,
        ],
        ["a number above 255 in an address", { "provisioning.ips": ["192.168.222.300"] }, /ips\/0.*pattern/],
        ["a leading zero in an address", { "provisioning.ips": ["192.168.222.010"] }, /ips\/0.*pattern/],
        [
            "an address outside of the provisioning network",
            { "provisioning.ips": ["10.0.0.5"] },
            /provisioning\.ips\[0\]: 10\.0\.0\.5 is not in provisioning\.cidr 192\.168\.222\.0\/24/,
        ],
        [
            "the first address after the provisioning network",
            { "provisioning.cidr": "192.168.222.96/29", "provisioning.ips": ["192.168.222.103", "192.168.222.104"] },
            /execution error[^[]*ips\[1\]: 192\.168\.222\.104 is not in provisioning\.cidr 192\.168\.222\.96\/29/,
        ],
        ["a network without a prefix length", { "provisioning.cidr": "192.168.222.0" }, /provisioning\/cidr.*pattern/],
        [
            "a floating tag",
            { "images.mariadb.tag": "latest" },
            /images\.mariadb\.tag: latest is a floating tag; give a version or a digest/,
        ],
        ["a digest that is too short", { "images.ironic.digest": "sha256:abc" }, /images\/ironic\/digest.*pattern/],
        ["no Secret with credentials", { existingSecret: "" }, /existingSecret.*pattern/],
        ["a word for a number", { "conductor.workersPoolSize": "many" }, /conductor\/workersPoolSize.*want integer/],
        [
            "a fraction for a number of seconds",
            { "conductor.heartbeatTimeout": 1.5 },
            /conductor\/heartbeatTimeout.*want integer/,
        ],
        [
            "fewer threads than Ironic needs to start",
            { "conductor.workersPoolSize": 3 },
            /conductor\/workersPoolSize.*minimum/,
        ],
        [
            "an hour in the cache for the list of all hosts",
            { "conductor.apiProxy.nodeListCacheSeconds": 3600 },
            /conductor\/apiProxy\/nodeListCacheSeconds.*maximum/,
        ],
        [
            "heartbeats of a conductor that come too late",
            { "conductor.heartbeatInterval": 60 },
            /conductor\.heartbeatInterval: 60 must be below conductor\.heartbeatTimeout 60/,
        ],
        [
            "a misspelt value of the conductor",
            { "conductor.fasttrack": true },
            /conductor.*additional properties 'fasttrack' not allowed/,
        ],
        ["a value that the chart does not have", { replicas: 3 }, /additional properties 'replicas' not allowed/],
        ["a size without a unit", { "mariadb.persistence.size": "4" }, /mariadb\/persistence\/size.*pattern/],
        [
            "two places for the database's data",
            { "mariadb.persistence.hostPath": "/d", "mariadb.persistence.storageClass": "c" },
            /mariadb\.persistence\.hostPath: excludes storageClass/,
        ],
        [
            "a password in extraConfig",
            { "conductor.extraConfig": { json_rpc: { password: "x" } } },
            /conductor\.extraConfig\.json_rpc\.password: secrets come from existingSecret/,
        ],
    ];
    for (const [what, values, message] of cases) {
        it(`The chart refuses ${what}`, () => expect(refusal(values)).to.match(message));
    }

    it("One message names all problems", () => {
        expect(
            refusal({
                "provisioning.ips": ["10.0.0.5", "192.168.222.100", "10.0.0.6"],
                "conductor.heartbeatInterval": 99,
                "images.ironic.tag": "latest",
            }),
        )
            .to.match(/ips\[0\]: 10\.0\.0\.5/)
            .and.to.match(/ips\[2\]: 10\.0\.0\.6/)
            .and.to.match(/heartbeatInterval: 99/)
            .and.to.match(/images\.ironic\.tag/)
            .and.not.to.match(/ips\[1\]/);
    });
});
