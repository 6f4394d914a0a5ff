import { createConnection } from "node:net";

/** The socket that the provider opens where the URI names none: libvirtd's, or virtproxyd's. */
const DEFAULT_SOCKET = "/var/run/libvirt/libvirt-sock";

/** The Unix socket that a URI leads to on this machine. Undefined for a libvirt that is reached by TCP,
 * TLS or SSH, and for an alias of libvirt.conf. */
export function socketOf(uri: string): string | undefined {
    if (!URL.canParse(uri)) {
        return undefined;
    }
    const { protocol, hostname, searchParams } = new URL(uri);
    const transport = protocol.replace(/:$/, "").split("+")[1] ?? (hostname === "" ? "unix" : "tls");
    return transport === "unix" ? (searchParams.get("socket") ?? DEFAULT_SOCKET) : undefined;
}

/** The error of a connection to a Unix socket. Undefined when somebody answers there. */
export const socketError = (path: string): Promise<NodeJS.ErrnoException | undefined> =>
    new Promise((resolve) => {
        const socket = createConnection(path);
        socket.once("connect", () => {
            socket.destroy();
            resolve(undefined);
        });
        socket.once("error", resolve);
    });
