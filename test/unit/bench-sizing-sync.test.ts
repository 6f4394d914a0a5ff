import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { IronicApi } from "../../cli/bench/ironic-api";
import type { ManagementCluster } from "../../cli/bench/management";
import { Bmc } from "../../cli/bench/sizing/bmc";
import { watchPowerSync } from "../../cli/bench/sizing/power-sync";
import { allNodes, foundIn, sample } from "../../cli/bench/sizing/sample";

/** Ironic's answers about conductors that are alive, and the nodes of each. */
const answers =
    (nodes: Record<string, { uuid: string; power_state: string | null }[]>, dead: string[] = []) =>
    (path: string): Promise<unknown> => {
        const alive = Object.keys(nodes).map((hostname) => ({ hostname, alive: true }));
        const conductor = /^\/v1\/nodes\?conductor=(.*)&fields=uuid,power_state$/.exec(path)?.[1];
        return Promise.resolve(
            path === "/v1/conductors"
                ? { conductors: [...alive, ...dead.map((hostname) => ({ hostname, alive: false }))] }
                : { nodes: nodes[conductor ?? ""] },
        );
    };
/** So many nodes for each conductor. */
const ironicWith = (...counts: number[]): ReturnType<typeof answers> =>
    answers(
        Object.fromEntries(
            counts.map((count, conductor) => [
                `c${conductor}`,
                Array.from({ length: count }, (_, index) => ({
                    uuid: `c${conductor}-n${index}`,
                    power_state: "power on",
                })),
            ]),
        ),
    );
const names = async (...counts: number[]): Promise<string[]> =>
    sample(await allNodes(ironicWith(...counts))).map(({ uuid }) => uuid);
const found = (time: string, node: string, does: string): string =>
    `${time} 2026-03-02 12:00:01.5 1 WARNING ironic.conductor.manager [-] During sync_power_state, node ${node} ` +
    `state ${does}`;
const SET_BACK = "'power off' does not match expected state. Changing hardware state to 'power on'.";

describe("the hosts whose power is changed", () => {
    it("are the first, the last and some between of each conductor, a dozen in all", async () => {
        expect(await names(100)).to.deep.equal(
            [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99].map((index) => `c0-n${index}`),
        );
        expect(await names(51, 50)).to.have.length(12);
        expect((await names(9, 9, 9, 9)).slice(0, 3)).to.deep.equal(["c0-n0", "c0-n4", "c0-n8"]);
    });

    it("are all of a conductor that has only a few, and none of one that has none", async () => {
        expect(await names(2, 1)).to.deep.equal(["c0-n0", "c0-n1", "c1-n0"]);
        expect(await names(0)).to.deep.equal([]);
    });

    it("have their place in their conductor's order, and are on or off; a dead conductor is not asked", async () => {
        const c0 = [
            { uuid: "a", power_state: "power off" },
            { uuid: "b", power_state: "error" },
            { uuid: "c", power_state: null },
            { uuid: "d", power_state: "power on" },
        ];
        expect(await allNodes(answers({ c0 }, ["c1"]))).to.deep.equal([
            { uuid: "a", conductor: "c0", power: "power off", position: 0 },
            { uuid: "d", conductor: "c0", power: "power on", position: 3 },
        ]);
    });
});

describe("a conductor's log", () => {
    it("tells when its power sync found a host that it sets back, or whose power it takes over; the first time", () => {
        const log = [
            found("2026-03-02T12:00:01.123456789Z", "a", SET_BACK),
            "2026-03-02T12:00:02Z 1 INFO ironic [-] During sync_power_state, node c was already locked by another",
            found("2026-03-02T12:00:03Z", "b", "does not match expected state 'power on'. Updating recorded state"),
            found("2026-03-02T12:02:01Z", "a", SET_BACK),
            "",
        ];
        const at = (...time: number[]): number => Date.UTC(2026, 2, 2, 12, ...time);
        expect([...foundIn(log.join("\n"), at(0, 0))]).to.deep.equal([
            ["a", at(0, 1, 123)],
            ["b", at(0, 3)],
        ]);
        expect([...foundIn(log.join("\n"), at(0, 2))]).to.deep.equal([
            ["b", at(0, 3)],
            ["a", at(2, 1)],
        ]);
        expect(foundIn("", 0).size).to.equal(0);
    });
});

describe("a change of power at BMCs", () => {
    const LOGIN = { username: "admin", password: "secret" };
    /** Power of each system, and what was asked of its BMC. */
    let power: Map<string, "On" | "Off">;
    let asked: string[];
    let server: Server;
    let address: (uuid: string) => string;

    before(async () => {
        server = createServer((request, response) => {
            const [, uuid = "", action] =
                /^\/redfish\/v1\/Systems\/([^/]+)(\/Actions\/.*)?$/.exec(request.url ?? "") ?? [];
            const isKnown = power.has(uuid) && request.headers.authorization === "Basic YWRtaW46c2VjcmV0";
            let body = "";
            request.on("data", (part: Buffer) => (body += part.toString()));
            request.on("end", () => {
                if (isKnown && request.method === "POST" && action !== undefined) {
                    const { ResetType } = JSON.parse(body) as { ResetType: string };
                    asked.push(`${uuid} ${ResetType}`);
                    power.set(uuid, ResetType === "On" ? "On" : "Off");
                }
                response.statusCode = isKnown ? 200 : 401;
                response.end(JSON.stringify({ PowerState: power.get(uuid) }));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        address = (uuid) => `redfish+http://127.0.0.1:${port}/redfish/v1/Systems/${uuid}`;
    });
    after(() => server.close());
    beforeEach(() => {
        power = new Map([
            ["s0", "On"],
            ["s1", "Off"],
        ]);
        asked = [];
    });

    it("goes by Redfish with the BMC's credentials, and ends when the BMC says that it is done", async () => {
        const told = await new Bmc(address("s0"), LOGIN).change("Off");
        expect(told.getTime()).to.be.at.most(Date.now());
        expect([asked, power.get("s0")]).to.deep.equal([["s0 ForceOff"], "Off"]);
    });

    it("that a BMC refuses is an error which names it", async () => {
        const error = await new Bmc(address("s0"), { ...LOGIN, password: "wrong" }).change("Off").then(
            () => undefined,
            (reason: Error) => reason.message,
        );
        expect(error).to.match(/Systems\/s0\/Actions\/ComputerSystem\.Reset answered 401/);
    });

    /** Ironic with two nodes, one of them off, and conductors whose logs are given for the time of each look. */
    const watch = (logs: (now: string) => string[], systems = ["s0", "s1"]) => {
        const ask = answers({
            c0: [
                { uuid: "n0", power_state: "power on" },
                { uuid: "n1", power_state: "power off" },
            ],
        });
        const ironic = { get: async (path: string) => ({ ms: 1, body: await ask(path) }) } as unknown as IronicApi;
        const cluster = {
            list: () =>
                Promise.resolve(
                    systems.map((system, index) => ({
                        spec: { bmc: { address: address(system), credentialsName: "login" } },
                        status: { provisioning: { ID: `n${index}` } },
                    })),
                ),
            secret: () => Promise.resolve(LOGIN),
            logs: () => Promise.resolve(logs(new Date().toISOString())),
        } as unknown as ManagementCluster;
        return watchPowerSync(cluster, ironic, 120, () => undefined);
    };

    it("turns each host's power round, and is seen when the power sync of its conductor found it", async () => {
        const sightings = await watch((now) => [found(now, "n0", SET_BACK), found(now, "n1", SET_BACK)]);
        expect(asked).to.have.members(["s0 ForceOff", "s1 On"]);
        expect(sightings.map(({ node, conductor, position }) => [node, conductor, position])).to.deep.equal([
            ["n0", "c0", 0],
            ["n1", "c0", 1],
        ]);
        for (const { changed, seen } of sightings) {
            expect(Date.parse(seen ?? "")).to.be.at.least(Date.parse(changed));
        }
    });

    it("needs the BareMetalHost of each node", async () => {
        const error = await watch(() => [], ["s0"]).then(
            () => undefined,
            (reason: Error) => reason.message,
        );
        expect(error).to.equal("Ironic's node n1 has no BareMetalHost with a BMC");
        expect(asked).to.deep.equal([]);
    });
});
