/** The engine's own gRPC service, of which a plugin uses the log. */
import * as grpc from "@grpc/grpc-js";
import * as enginerpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engineproto from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "debug" | "info" | "warning" | "error";

const SEVERITIES: Record<Severity, engineproto.LogSeverity> = {
    debug: engineproto.LogSeverity.DEBUG,
    info: engineproto.LogSeverity.INFO,
    warning: engineproto.LogSeverity.WARNING,
    error: engineproto.LogSeverity.ERROR,
};

export class Engine {
    private readonly client: enginerpc.EngineClient | undefined;
    private pending: Promise<void> = Promise.resolve();

    /**
     * @param address host:port of the engine; undefined where the plugin runs without one (Attach, tests), and lines go
     * to stderr.
     */
    constructor(address: string | undefined) {
        this.client =
            address === undefined || address === ""
                ? undefined
                : new enginerpc.EngineClient(address, grpc.credentials.createInsecure(), {
                      "grpc.max_receive_message_length": -1,
                  });
    }

    /** Sends one line. Lines arrive in order. @param ephemeral whether it is shown only while the operation runs. */
    log(severity: Severity, message: string, urn = "", ephemeral = false): void {
        const client = this.client;
        if (client === undefined) {
            process.stderr.write(`${severity}: ${message}\n`);
            return;
        }
        const request = new engineproto.LogRequest();
        request.setSeverity(SEVERITIES[severity]);
        request.setMessage(message);
        request.setUrn(urn);
        request.setEphemeral(ephemeral);
        // A line that cannot be delivered is dropped: the engine has ended.
        this.pending = this.pending.then(() => new Promise((resolve) => client.log(request, () => resolve())));
    }

    /** Waits until every line is delivered. */
    async flush(): Promise<void> {
        await this.pending;
    }
}
