import { expect } from "chai";
import fastify from "fastify";
import { HttpClient } from "../../../services/fake-ipa/http.js";
import { RedfishClient, RedfishError } from "../../../services/fake-ipa/redfish-client.js";

const TIMEOUT_MS = 5_000;

/** Asks a BMC that answers each path with this, and anything else with 404, about the system `u`. */
async function ask(answers: Record<string, object>): Promise<{ asked: string[]; seen: unknown }> {
    const asked: string[] = [];
    const server = fastify({ forceCloseConnections: true });
    server.get("/*", (request, reply) => {
        asked.push(request.url);
        const answer = answers[request.url];
        return answer === undefined ? reply.code(404).send({}) : reply.send(answer);
    });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const http = new HttpClient({ caFile: undefined, insecure: true }, 1);
    try {
        const client = new RedfishClient(http, url, "admin", "password", TIMEOUT_MS);
        const seen = await client.system("u", new AbortController().signal).catch((error: unknown) => error);
        return { asked, seen };
    } finally {
        await http.close();
        await server.close();
    }
}

const SYSTEM = "/redfish/v1/Systems/u";
const DRIVE = `${SYSTEM}/VirtualMedia/Cd`;
const booting = (from: string): object => ({ PowerState: "On", Boot: { BootSourceOverrideTarget: from } });

describe("The client of a BMC", () => {
    it("asks for the medium of a host that boots from its virtual drive, and of no other", async () => {
        for (const Inserted of [true, false]) {
            const { seen } = await ask({ [SYSTEM]: booting("Cd"), [DRIVE]: { Inserted } });
            expect(seen).to.deep.equal({ power: "On", bootDevice: "Cd", medium: Inserted });
        }
        const { asked, seen } = await ask({ [SYSTEM]: booting("Pxe") });
        expect(seen).to.deep.equal({ power: "On", bootDevice: "Pxe" });
        expect(asked).to.deep.equal([SYSTEM]);
    });

    it("says so when the drive cannot be read, in place of taking it for empty", async () => {
        const { seen } = await ask({ [SYSTEM]: booting("Cd") });
        expect(seen).to.be.instanceOf(RedfishError);
        expect((seen as Error).message).to.match(/^virtual media of u cannot be read: 404/);
    });
});
