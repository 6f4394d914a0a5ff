/** Starting and ending a plugin process the way the Pulumi engine expects. */
import * as grpc from "@grpc/grpc-js";

/**
 * Milliseconds between two checks that the process that started the plugin still lives. A killed engine sends no
 * signal.
 */
const ORPHAN_CHECK_MS = 1000;

/** No limit on messages: a stack's configuration or an upload can be larger than gRPC's 4 MiB. */
export const UNLIMITED: grpc.ServerOptions = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
};

/**
 * Binds the server to a free loopback port and writes the port as the first line of stdout, the plugin protocol's
 * handshake.
 *
 * @param stop called once when the plugin has to end (SIGINT, SIGTERM, death of the parent process). The process exits
 * when it is done.
 */
export async function serve(server: grpc.Server, stop: () => Promise<void>): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    const parent = process.ppid;
    let ending = false;
    const end = (): void => {
        if (ending) {
            return;
        }
        ending = true;
        server.forceShutdown();
        stop().then(
            () => process.exit(0),
            (error: unknown) => {
                process.stderr.write(`${String(error)}\n`);
                process.exit(1);
            },
        );
    };
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    setInterval(() => {
        if (process.ppid !== parent) {
            end();
        }
    }, ORPHAN_CHECK_MS).unref();
    process.stdout.write(`${port}\n`);
}

/**
 * A gRPC method from an async function. The caller gets the message of an error that it throws, without the stack
 * trace.
 */
export function unary<Request, Response>(
    handle: (request: Request, call: grpc.ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        void (async () => {
            try {
                callback(null, await handle(call.request, call));
            } catch (error) {
                callback(toStatus(error));
            }
        })();
    };
}

function toStatus(error: unknown): Partial<grpc.StatusObject> & { details: string } {
    if (error instanceof Error && "code" in error && typeof error.code === "number" && "details" in error) {
        return error as unknown as grpc.StatusObject;
    }
    return { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}
