import type { CoreV1Api } from "@kubernetes/client-node";
import { NAMESPACE, pulumi } from "./harness";

/** A host as Ironic knows it. */
export interface IronicNode {
    name: string;
    provision_state: string;
    /** The conductor that holds it. */
    conductor: string;
}

/** Asks Ironic for all its nodes, with the lab's own credentials. @throws Error when it refuses */
export async function ironicNodes(core: CoreV1Api): Promise<IronicNode[]> {
    const read = async (name: string): Promise<(key: string) => string> => {
        const { data } = await core.readNamespacedSecret({ name, namespace: NAMESPACE });
        return (key) => Buffer.from(data?.[key] ?? "", "base64").toString();
    };
    const [credential, certificate] = await Promise.all([read("ironic-credentials"), read("ironic-tls")]);
    const { fetch, Agent } = await import("undici");
    const dispatcher = new Agent({ connect: { ca: certificate("ca.crt") } });
    const login = Buffer.from(`${credential("username")}:${credential("password")}`).toString("base64");
    const endpoint = (await pulumi(["stack", "output", "ironicEndpoint"], { quiet: true })).output.trim();
    const response = await fetch(`${endpoint}/v1/nodes/detail`, {
        dispatcher,
        headers: { authorization: `Basic ${login}`, "X-OpenStack-Ironic-API-Version": "1.84" },
    });
    if (!response.ok) {
        throw new Error(`Ironic answered ${response.status} ${await response.text()}`);
    }
    const { nodes } = (await response.json()) as { nodes: IronicNode[] };
    return nodes.map(({ name, provision_state, conductor }) => ({ name, provision_state, conductor }));
}
