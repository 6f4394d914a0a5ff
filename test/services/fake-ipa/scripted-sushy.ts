import fastify, { type FastifyInstance } from "fastify";

/** The part of sushy-tools that agents call. It answers a reset after it has notified fake-ipa. */
export class ScriptedSushy {
    readonly server: FastifyInstance = fastify({ forceCloseConnections: true });
    readonly resets: { uuid: string; type: string; authorization: string | undefined }[] = [];
    url = "";
    constructor(private readonly notify: (uuid: string, type: string) => Promise<void>) {
        this.server.post<{ Params: { uuid: string }; Body: { ResetType: string } }>(
            "/redfish/v1/Systems/:uuid/Actions/ComputerSystem.Reset",
            async (request, reply) => {
                this.resets.push({
                    uuid: request.params.uuid,
                    type: request.body.ResetType,
                    authorization: request.headers.authorization,
                });
                await this.notify(request.params.uuid, request.body.ResetType);
                return reply.code(204).send();
            },
        );
        this.server.get<{ Params: { uuid: string } }>("/redfish/v1/Systems/:uuid", () => ({
            PowerState: "Off",
            Boot: { BootSourceOverrideTarget: "Pxe" },
        }));
    }
    async start(): Promise<this> {
        await this.server.listen({ host: "127.0.0.1", port: 0 });
        this.url = `http://127.0.0.1:${(this.server.server.address() as { port: number }).port}`;
        return this;
    }
}
