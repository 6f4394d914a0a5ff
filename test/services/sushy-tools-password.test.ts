import { expect } from "chai";
import { bcryptHash } from "../../components/credentials";
import { BMC_USERNAME } from "../../plan/identities";
import { PAIR_PATHS, pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type PairPlan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import { validate } from "../../plan/validate";
import { imageForTests } from "../lab-image";
import { BmcContainer } from "./bmc-container";

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
    const bmcs = new BmcContainer();
    after(() => bmcs.remove());

    it("answer only with the password of a pair, and the service root without, as Redfish has it", async () => {
        const config = validate({});
        const pair = plan(config, "test").pairs[0] as PairPlan;
        const contents = {
            [PAIR_PATHS.configuration]: pythonAssignments(pairConfiguration(pair, config, "https://192.0.2.1:6385")),
            [PAIR_PATHS.bmcHtpasswd]: `${BMC_USERNAME}:${bcryptHash("right")}`,
        };
        await bmcs.start(image(), contents);
        const script = `
import http.client, json
answers = {}
for name, (method, path, authorization) in json.loads(${JSON.stringify(JSON.stringify(REQUESTS))}).items():
    bmc = http.client.HTTPConnection("127.0.0.1", 8000)
    bmc.request(method, path, headers={"Authorization": authorization} if authorization else {})
    answer = bmc.getresponse()
    answers[name] = [answer.status, answer.getheader("WWW-Authenticate")]
print(json.dumps(answers))`;
        const answers = await bmcs.ask<Answers>(script);
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
