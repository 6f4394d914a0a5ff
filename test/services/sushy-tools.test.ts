import path from "node:path";
import { expect } from "chai";
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
