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
import { imageForTests, python } from "../lab-image";

const CONFIGURATION = path.resolve("toolchain/images/sushy-tools/gunicorn.conf.py");

describe("sushy-tools: gunicorn.conf.py, in the image of sushy-tools", function () {
    this.timeout(60_000);
    const image = imageForTests("sushy-tools");

    /** Seconds that a thousand power changes took, sorted, with these lines in the configuration file. */
    function powerTimes(...lines: string[]): number[] {
        const script = `
import json, re, runpy, inspect
from sushy_tools.emulator.resources.systems import fakedriver
assert re.findall(r"random\\.\\w+", inspect.getsource(fakedriver)) == ["random.randint"]
open("/tmp/lab.conf", "w").write(${JSON.stringify(lines.join("\n"))})
runpy.run_path("/gunicorn.conf.py")
fakedriver.time = type("Time", (), {"time": staticmethod(lambda: 1000.5)})
systems = [{"uuid": "u", "name": "n", "power_state": "Off"}]
settings = {"SUSHY_EMULATOR_STATE_DIR": "/tmp", "SUSHY_EMULATOR_FAKE_SYSTEMS": systems}
driver = fakedriver.FakeDriver.initialize(settings, None)()
taken = set()
for _ in range(1000):
    driver._update("u", power_state="Off", pending_power=None)
    driver.set_power_state("u", "On")
    taken.add(driver._systems["u"]["pending_power"]["apply_time"] - 1000)
print(json.dumps([sorted(taken), driver.get_power_state("u")]))`;
        const options = [
            "--tmpfs",
            "/tmp",
            "-e",
            "SUSHY_EMULATOR_CONFIG=/tmp/lab.conf",
            "-v",
            `${CONFIGURATION}:/gunicorn.conf.py:ro`,
        ];
        const [times, state] = python(image(), script, options) as [number[], string];
        expect(state, "a change that takes no time is done when the state is read").to.equal(
            times[0] === 0 ? "On" : "Off",
        );
        return times;
    }

    it("A power change takes as long as the configuration says", () => {
        expect(powerTimes("SUSHY_TOOLS_MIN_POWER_TIME = 0", "SUSHY_TOOLS_MAX_POWER_TIME = 0")).to.deep.equal([0]);
        expect(powerTimes("SUSHY_TOOLS_MIN_POWER_TIME = 3", "SUSHY_TOOLS_MAX_POWER_TIME = 5")).to.deep.equal([3, 4, 5]);
    });

    it("A power change takes 1 to 11 s, as upstream, when the configuration says nothing", () => {
        expect(powerTimes("")).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    });
});

describe("sushy-tools as Metal3 publishes it, in the place of the lab's", function () {
    this.timeout(120_000);
    const image = imageForTests("sushy-tools");
    const reference = "metal3-scale-lab-test/upstream-sushy-tools:v1";
    let folder: string | undefined;
    let container: string | undefined;
    after(async () => {
        if (container !== undefined) {
            await docker("rm", "--force", "--volumes", container);
            await docker("rmi", reference);
        }
        await rm(folder ?? "", { recursive: true, force: true });
    });

    it("takes the configuration of a pair: its hosts have BMCs at the pair's port", async () => {
        const shape = path.join(__dirname, "upstream-sushy-tools");
        await docker("build", "--force-rm", "--build-arg", `SUSHY_TOOLS=${image()}`, "--tag", reference, shape);
        folder = await mkdtemp(path.join(tmpdir(), "sushy-tools-test-"));
        const config = validate({});
        const pair = plan(config, "test").pairs[0] as PairPlan;
        const file = path.join(folder, "conf.py");
        const content = pairConfiguration(pair, config, "https://192.0.2.1:6385");
        await writeFile(file, pythonAssignments(content), { mode: 0o644 });
        const htpasswd = path.join(folder, "htpasswd");
        await writeFile(htpasswd, `${BMC_USERNAME}:${bcryptHash("right")}`, { mode: 0o644 });
        const variables = Object.entries(PAIR_ENVIRONMENT).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
        const files = Object.entries({ [file]: PAIR_PATHS.configuration, [htpasswd]: PAIR_PATHS.bmcHtpasswd }).flatMap(
            ([from, to]) => ["--volume", `${from}:${to}:ro`],
        );
        const where = ["--detach", "--network", "none", ...variables, ...files];
        container = (await docker("run", ...where, reference)).trim();
        // From inside: the container has no network but its own.
        const token = Buffer.from(`${BMC_USERNAME}:right`).toString("base64");
        const script =
            "import json, urllib.request as r; " +
            `q = r.Request('http://127.0.0.1:8000/redfish/v1/Systems', headers={'Authorization': 'Basic ${token}'}); ` +
            "print(json.load(r.urlopen(q))['Members'])";
        const members = await waitUntil({
            what: "sushy-tools to answer",
            timeoutMs: 60_000,
            everyMs: 500,
            look: async () => ({ done: await docker("exec", container as string, "python3", "-c", script) }),
        });
        for (const { uuid } of pair.hosts) {
            expect(members).to.include(`/redfish/v1/Systems/${uuid}`);
        }
        expect(await docker("top", container))
            .to.include("sushy-emulator")
            .and.not.include("gunicorn");
    });
});
