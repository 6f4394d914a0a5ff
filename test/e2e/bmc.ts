import { systemUrl } from "../../plan/bmc";
import { BMC_USERNAME } from "../../plan/identities";
import { NAMESPACE } from "./harness";
import type { Live } from "./live";

/** A request to a BMC. */
export interface BmcRequest {
    /** As a BareMetalHost has it: redfish+http://… */
    address: string;
    /** Below the address. Default: the system itself. */
    path?: string;
    password?: string;
    /** With a body it is a POST. */
    body?: object;
}

/** Reads a request as JSON from its argument, and prints what is answered. */
const ASK = `
import json, ssl, sys, urllib.error, urllib.request
request = json.loads(sys.argv[1])
data = json.dumps(request["body"]).encode() if "body" in request else None
headers = {"Content-Type": "application/json", **request["headers"]}
trust = ssl.create_default_context(cafile="/etc/ironic-tls/ca.crt")
try:
    asked = urllib.request.Request(request["url"], data, headers)
    with urllib.request.urlopen(asked, timeout=20, context=trust) as answer:
        print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode()]))
`;

/**
 * Asks a BMC from a conductor, which reaches the BMCs on every substrate.
 * @returns status and text of its answer
 */
export async function askBmc(live: Live, request: BmcRequest): Promise<[number, string]> {
    const { address, path = "", password, body } = request;
    const token = Buffer.from(`${BMC_USERNAME}:${password}`).toString("base64");
    const asked = {
        url: systemUrl(address) + path,
        headers: password === undefined ? {} : { Authorization: `Basic ${token}` },
        ...(body && { body }),
    };
    const conductor = (await live.conductors()).find(({ status }) => status?.phase === "Running")?.metadata?.name;
    const where = ["--namespace", NAMESPACE, String(conductor), "--container", "ironic"];
    const { code, output } = await live.kubectl(["exec", ...where, "--", "python3", "-c", ASK, JSON.stringify(asked)]);
    if (code !== 0) {
        throw new Error(`asking ${address}${path} from ${conductor}: ${output}`);
    }
    return JSON.parse(output.trim().split("\n").at(-1) as string) as [number, string];
}

/** The password of a host's BMC, as its Secret has it. */
export async function passwordOf(live: Live, host: string): Promise<string> {
    const secret = await live.core.readNamespacedSecret({ namespace: NAMESPACE, name: `${host}-bmc` });
    return Buffer.from(secret.data?.["password"] ?? "", "base64").toString();
}

/** Address of a host's BMC. */
export async function addressOf(live: Live, host: string): Promise<string> {
    const found = (await live.hosts()).find(({ metadata }) => metadata.name === host);
    return (found?.spec["bmc"] as { address: string }).address;
}
