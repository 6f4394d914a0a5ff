import { Agent, fetch } from "undici";
import type { ManagementCluster } from "./management";

const API_VERSION = "1.84";
/** Longest time for an answer. */
const LIMIT_MS = 60_000;

/** An answer of Ironic's API, and how long it took. */
export interface IronicAnswer {
    ms: number;
    body: unknown;
}

/** Asks Ironic's API with the lab's credentials, with a connection for each request, as BMO makes it in most cases. */
export class IronicApi {
    private constructor(
        private readonly endpoint: string,
        private readonly authorization: string,
        private readonly dispatcher: Agent,
    ) {}

    /** @param endpoint base URL of Ironic's API */
    static async of(cluster: ManagementCluster, endpoint: string): Promise<IronicApi> {
        const [credentials, tls] = await Promise.all([
            cluster.secret("ironic-credentials"),
            cluster.secret("ironic-tls"),
        ]);
        const login = Buffer.from(`${credentials["username"]}:${credentials["password"]}`).toString("base64");
        const dispatcher = new Agent({ connect: { ca: tls["ca.crt"] ?? "" }, pipelining: 0 });
        return new IronicApi(endpoint, `Basic ${login}`, dispatcher);
    }

    /** @throws Error when there is no answer within a minute, or another one than success */
    async get(path: string): Promise<IronicAnswer> {
        const began = performance.now();
        const response = await fetch(`${this.endpoint}${path}`, {
            dispatcher: this.dispatcher,
            headers: {
                authorization: this.authorization,
                "X-OpenStack-Ironic-API-Version": API_VERSION,
                connection: "close",
            },
            signal: AbortSignal.timeout(LIMIT_MS),
        });
        const body: unknown = await response.json();
        if (!response.ok) {
            throw new Error(`${path} answered ${response.status}`);
        }
        return { ms: performance.now() - began, body };
    }

    close(): Promise<void> {
        return this.dispatcher.close();
    }
}
