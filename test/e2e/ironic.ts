import type { CoreV1Api } from "@kubernetes/client-node";
import { NAMESPACE, pulumi, pulumiEnvironment, run, STACK } from "./harness";

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
    const endpoint = (await pulumi(["stack", "output", "ironicEndpoint"], { quiet: true })).output.trim();
    if (new URL(endpoint).hostname.endsWith(".svc")) {
        return asked(await fromWithin(endpoint));
    }
    const login = Buffer.from(`${credential("username")}:${credential("password")}`).toString("base64");
    const response = await fetch(`${endpoint}/v1/nodes/detail`, {
        dispatcher,
        headers: { authorization: `Basic ${login}`, "X-OpenStack-Ironic-API-Version": "1.84" },
    });
    if (!response.ok) {
        throw new Error(`Ironic answered ${response.status} ${await response.text()}`);
    }
    return asked(await response.text());
}

const asked = (answer: string): IronicNode[] =>
    (JSON.parse(answer) as { nodes: IronicNode[] }).nodes.map(({ name, provision_state, conductor }) => ({
        name,
        provision_state,
        conductor,
    }));

/** The kubeconfig of whoever may look at everything and run a command in a pod, which the lab's user need not. */
export const within = { kubeconfig: `.lab/${STACK}/kubeconfig` };

/** A question from within the cluster, where Ironic is reached: a conductor asks, with Ironic's own secrets. */
const QUESTION = `
import os, ssl, sys, urllib.request
request = urllib.request.Request(sys.argv[1] + "/v1/nodes/detail")
request.add_header("X-OpenStack-Ironic-API-Version", "1.84")
manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
manager.add_password(None, sys.argv[1], os.environ["OS_JSON_RPC__USERNAME"], os.environ["OS_JSON_RPC__PASSWORD"])
tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile="/etc/ironic-tls/ca.crt"))
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager), tls)
print(opener.open(request, timeout=30).read().decode())
`;

async function fromWithin(endpoint: string): Promise<string> {
    const pod = ["exec", "deployment/ironic-conductor-0", "--container", "ironic"];
    const command = ["python3", "-c", QUESTION, endpoint];
    const kubeconfig = ["--kubeconfig", within.kubeconfig, "--namespace", NAMESPACE];
    const { code, output } = await run("kubectl", [...kubeconfig, ...pod, "--", ...command], {
        quiet: true,
        env: await pulumiEnvironment(),
    });
    if (code !== 0) {
        throw new Error(`Ironic was not asked from within the cluster: ${output}`);
    }
    return output.slice(output.indexOf("{"));
}
