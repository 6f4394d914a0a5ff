import { Agent, fetch } from "undici";
import type { ManagementCluster } from "./management";

const API_VERSION = "1.84";

/** What Ironic's API wants to see, and the CA of its certificate. */
export interface IronicLogin {
    headers: Record<string, string>;
    ca: string;
}

/** The lab's credentials for Ironic's API. @param secret reads a Secret of the lab's namespace */
export async function ironicLogin(secret: (name: string) => Promise<Record<string, string>>): Promise<IronicLogin> {
    const [credentials, tls] = await Promise.all([secret("ironic-credentials"), secret("ironic-tls")]);
    const login = Buffer.from(`${credentials["username"]}:${credentials["password"]}`).toString("base64");
    const headers = { authorization: `Basic ${login}`, "X-OpenStack-Ironic-API-Version": API_VERSION };
    return { headers, ca: tls["ca.crt"] ?? "" };
}

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
        private readonly headers: IronicLogin["headers"],
        private readonly dispatcher: Agent,
    ) {}

    /** @param endpoint base URL of Ironic's API */
    static async of(cluster: ManagementCluster, endpoint: string): Promise<IronicApi> {
        const { headers, ca } = await ironicLogin((name) => cluster.secret(name));
        return new IronicApi(endpoint, headers, new Agent({ connect: { ca }, pipelining: 0 }));
    }

    /**
     * @param limitMs longest time for an answer, milliseconds. Default: a minute.
     * @throws Error when there is no answer in that time, or another one than success
     */
    async get(path: string, limitMs = LIMIT_MS): Promise<IronicAnswer> {
        const began = performance.now();
        const response = await fetch(`${this.endpoint}${path}`, {
            dispatcher: this.dispatcher,
            headers: { ...this.headers, connection: "close" },
            signal: AbortSignal.timeout(limitMs),
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
