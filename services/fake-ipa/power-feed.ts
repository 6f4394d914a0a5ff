import type { ServerResponse } from "node:http";
import type { PowerMemory } from "./system.js";

/** A host's power, as FKAS reads it (services/fkas/internal/power). */
interface ToldPower {
    uuid: string;
    power: "On" | "Off";
    /** When the power last changed, RFC 3339. */
    since: string;
    /** Id of the last boot; empty before the first. */
    boot: string;
}

type HostPower = PowerMemory & { uuid: string };

/**
 * `GET /power`: an answer that does not end, for those who want to know of each change of power at once. Each of its
 * lines is a JSON object `{"hosts": […]}`. The first one has all hosts whose power is known, each of the others a host
 * that was switched on or off, or restarted. Whoever was away opens it again, and has all of it.
 */
export class PowerFeed {
    private readonly readers = new Set<ServerResponse>();

    /** @param hosts all hosts whose power is known */
    constructor(private readonly hosts: () => HostPower[]) {}

    follow(reader: ServerResponse): void {
        reader.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
        reader.on("close", () => this.readers.delete(reader));
        this.readers.add(reader);
        reader.write(line(this.hosts()));
    }

    tell(host: HostPower): void {
        for (const reader of this.readers) {
            reader.write(line([host]));
        }
    }

    close(): void {
        for (const reader of this.readers) {
            reader.end();
        }
    }
}

const line = (hosts: HostPower[]): string => `${JSON.stringify({ hosts: hosts.map(told) })}\n`;

function told({ uuid, power, since, boot }: HostPower): ToldPower {
    return { uuid, power: power!, since: new Date(since ?? 0).toISOString(), boot: boot ?? "" };
}
