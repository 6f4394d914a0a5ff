import { createServer, type Server, type Socket } from "node:net";

/** A server whose answers need not be HTTP. */
export async function rawServer(
    handle: (socket: Socket, data: string) => void,
): Promise<{ url: string; requests: () => number; close: () => Promise<void> }> {
    let requests = 0;
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("data", (data) => {
            if (/^(GET|POST) /.test(data.toString())) {
                requests++;
            }
            handle(socket, data.toString());
        });
    });
    await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
        requests: () => requests,
        close: () =>
            new Promise((resolve) => {
                for (const socket of sockets) {
                    socket.destroy();
                }
                server.close(() => {
                    resolve();
                });
            }),
    };
}
