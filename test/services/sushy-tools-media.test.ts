import { expect } from "chai";
import { bcryptHash } from "../../components/credentials";
import { BMC_USERNAME } from "../../plan/identities";
import { PAIR_PATHS, pairConfiguration } from "../../plan/manifests/pair-configuration";
import { plan, type PairPlan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import { validate } from "../../plan/validate";
import { systemSchema } from "../../services/fake-ipa/system";
import { createPki, createServerCertificate } from "../../tasks/pki/pki";
import { imageForTests } from "../lab-image";
import { BmcContainer } from "./bmc-container";

const DAYS = 1;

/** What is seen of a BMC, step by step. */
interface Seen {
    system: [number, Record<string, string>];
    untrusted: string;
    inserted: [number, boolean];
    ejected: [number, boolean];
    told: unknown[];
}

/** Asks the BMC as Ironic does. Beside it are a fake-ipa that is told of changes, and a server with an ISO image. */
const script = (uuid: string): string => `
import base64, http.server, json, ssl, threading, urllib.request
told = []
class Beside(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200); self.end_headers()
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"an ISO image")
    def log_message(self, *_): pass
for port in (9999, 8081):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Beside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
trust = ssl.create_default_context(cafile="${PAIR_PATHS.caCertificate}")
token = base64.b64encode(b"${BMC_USERNAME}:right").decode()
system = "https://127.0.0.1:8000/redfish/v1/Systems/${uuid}"
def ask(method, path, body=None, context=trust):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Basic " + token, "Content-Type": "application/json"}
    request = urllib.request.Request(system + path, data, headers, method=method)
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
seen = {}
try:
    ask("GET", "", context=ssl.create_default_context())
except urllib.error.URLError as error:
    seen["untrusted"] = str(error.reason)
drive = "/VirtualMedia/Cd"
iso = {"Image": "http://127.0.0.1:8081/redfish/boot-u.iso", "Inserted": True, "WriteProtected": True}
inserted, _ = ask("POST", drive + "/Actions/VirtualMedia.InsertMedia", iso)
seen["inserted"] = [inserted, ask("GET", drive)[1]["Inserted"]]
ask("PATCH", "", {"Boot": {"BootSourceOverrideMode": "Legacy"}})
ask("PATCH", "", {"Boot": {"BootSourceOverrideMode": "UEFI"}})
ask("PATCH", "", {"Boot": {"BootSourceOverrideTarget": "Cd", "BootSourceOverrideEnabled": "Once"}})
status, found = ask("GET", "")
seen["system"] = [status, found["Boot"]]
ejected, _ = ask("POST", drive + "/Actions/VirtualMedia.EjectMedia", {})
seen["ejected"] = [ejected, ask("GET", drive)[1]["Inserted"]]
seen["told"] = told
print(json.dumps(seen))`;

describe("The BMCs over TLS, in the image of sushy-tools", function () {
    this.timeout(120_000);
    const image = imageForTests("sushy-tools");
    const bmcs = new BmcContainer();
    after(() => bmcs.remove());

    it("have a certificate that the lab's CA has signed, take a medium, and tell fake-ipa of it", async () => {
        const config = validate({ bmcProtocol: "https", bmcDriver: "redfish-virtualmedia" });
        const pair = plan(config, "test").pairs[0] as PairPlan;
        const { ca } = await createPki({ name: "test", validityDays: DAYS, servers: {} });
        const names = [pair.sushyToolsHost, "127.0.0.1"];
        const server = { name: pair.name, names, validityDays: DAYS, authority: ca };
        const { cert, key } = await createServerCertificate(server);
        const configuration = pairConfiguration(pair, config, "https://192.0.2.1:6385", true);
        const contents = {
            [PAIR_PATHS.configuration]: pythonAssignments(configuration),
            [PAIR_PATHS.caCertificate]: ca.cert,
            [PAIR_PATHS.bmcHtpasswd]: `${BMC_USERNAME}:${bcryptHash("right")}`,
            [PAIR_PATHS.bmcCertificate]: cert,
            [PAIR_PATHS.bmcKey]: key,
        };
        await bmcs.start(image(), contents);
        const seen = await bmcs.ask<Seen>(script(pair.hosts[0]!.uuid));
        expect(seen.untrusted).to.include("CERTIFICATE_VERIFY_FAILED");
        expect(seen.system[0]).to.equal(200);
        expect(seen.system[1]).to.include({ BootSourceOverrideTarget: "Cd", BootSourceOverrideMode: "UEFI" });
        expect([seen.inserted, seen.ejected]).to.deep.equal([
            [204, true],
            [204, false],
        ]);
        const drives = seen.told.map((each) => systemSchema.parse(each).boot_image?.["Cd"]?.[2]);
        expect([drives[0], drives.at(-1)]).to.deep.equal([true, false]);
    });
});
