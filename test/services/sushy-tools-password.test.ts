import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { bcryptHash } from "../../components/credentials";
import { waitUntil } from "../../lib/wait-until";
import { BMC_USERNAME } from "../../plan/identities";
import { PAIR_ENVIRONMENT, PAIR_PATHS, pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type PairPlan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import { validate } from "../../plan/validate";
import { docker } from "../docker";
import { imageForTests } from "../lab-image";

/** Answers of a BMC: status and what it asks for, by the request. */
type Answers = Record<string, [number, string | null]>;

const SYSTEMS = "/redfish/v1/Systems";
const SESSIONS = "/redfish/v1/SessionService/Sessions";
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

/** Method, path and Authorization of each request. */
const REQUESTS: Record<string, [string, string, string | null]> = {
    nothing: ["GET", SYSTEMS, null],
    right: ["GET", SYSTEMS, basic(`${BMC_USERNAME}:right`)],
    "right again": ["GET", SYSTEMS, basic(`${BMC_USERNAME}:right`)],
    wrong: ["GET", SYSTEMS, basic(`${BMC_USERNAME}:wrong`)],
    "another user": ["GET", SYSTEMS, basic("operator:right")],
    "a header that is none": ["GET", SYSTEMS, "Basic !!"],
    "the service root": ["GET", "/redfish/v1/", null],
    "a session, as sushy asks first": ["POST", SESSIONS, null],
    "the sessions": ["GET", SESSIONS, null],
};

describe("The BMCs: gunicorn.conf.py, in the image of sushy-tools", function () {
    this.timeout(120_000);
    const image = imageForTests("sushy-tools");
    let folder: string | undefined;
    let container: string | undefined;
    after(async () => {
        if (container !== undefined) {
            await docker("rm", "--force", "--volumes", container);
        }
        await rm(folder ?? "", { recursive: true, force: true });
    });

    it("answer only with the password of a pair, and the service root without, as Redfish has it", async () => {
        folder = await mkdtemp(path.join(tmpdir(), "bmc-test-"));
        const config = validate({});
        const pair = plan(config, "test").pairs[0] as PairPlan;
        const contents = {
            [PAIR_PATHS.configuration]: pythonAssignments(pairConfiguration(pair, config, "https://192.0.2.1:6385")),
            [PAIR_PATHS.bmcHtpasswd]: `${BMC_USERNAME}:${bcryptHash("right")}`,
        };
        const files: string[] = [];
        for (const [to, content] of Object.entries(contents)) {
            const from = path.join(folder, path.basename(to));
            await writeFile(from, content, { mode: 0o644 });
            files.push("--volume", `${from}:${to}:ro`);
        }
        const variables = Object.entries(PAIR_ENVIRONMENT).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
        container = (await docker("run", "--detach", "--network", "none", ...variables, ...files, image())).trim();
        // From inside: the container has no network but its own.
        const script = `
import http.client, json
answers = {}
for name, (method, path, authorization) in json.loads(${JSON.stringify(JSON.stringify(REQUESTS))}).items():
    bmc = http.client.HTTPConnection("127.0.0.1", 8000)
    bmc.request(method, path, headers={"Authorization": authorization} if authorization else {})
    answer = bmc.getresponse()
    answers[name] = [answer.status, answer.getheader("WWW-Authenticate")]
print(json.dumps(answers))`;
        const answers = await waitUntil({
            what: "the BMCs to answer",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ({
                done: JSON.parse(await docker("exec", container as string, "python3", "-c", script)) as Answers,
            }),
        });
        const refused = [401, 'Basic realm="Baremetal API"'];
        expect(answers).to.deep.equal({
            nothing: refused,
            right: [200, null],
            "right again": [200, null],
            wrong: refused,
            "another user": refused,
            "a header that is none": [400, null],
            "the service root": [200, null],
            "a session, as sushy asks first": [404, null],
            "the sessions": refused,
        });
    });
});
