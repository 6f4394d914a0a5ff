import path from "node:path";
import { imageForTests, python } from "../lab-image";
import { pythonTests } from "../python-tests";

const TESTS = path.resolve(__dirname, "python");

describe("services/pair-state, in the image of sushy-tools", function () {
    this.timeout(60_000);
    const image = imageForTests("sushy-tools");
    pythonTests(path.join(TESTS, "test_pair_state.py"), (module) => {
        const volumes = ["services/pair-state", "test/services/python", "test/charts/python"].flatMap(
            (folder, index) => ["-v", `${path.resolve(folder)}:/${["scripts", "tests", "run"][index]}:ro`],
        );
        const variables = ["-e", "PYTHONPATH=/scripts:/tests:/run", "-e", "PYTHONDONTWRITEBYTECODE=1"];
        return python(image(), `import run\nrun.main("${module}")`, [...volumes, ...variables]);
    });
});
