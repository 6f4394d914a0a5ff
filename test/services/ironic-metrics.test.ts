import path from "node:path";
import { imageForTests, python } from "../lab-image";
import { pythonTests } from "../python-tests";

const TESTS = path.resolve(__dirname, "python");

describe("metrics/ironic_metrics.py, in the image of Ironic", function () {
    this.timeout(60_000);
    const image = imageForTests("ironic");
    pythonTests(path.join(TESTS, "test_ironic_metrics.py"), (module) => {
        const volumes = ["metrics", "test/services/python", "test/charts/python"].flatMap((folder, index) => [
            "-v",
            `${path.resolve(folder)}:/${["scripts", "tests", "run"][index]}:ro`,
        ]);
        const variables = ["-e", "PYTHONPATH=/scripts:/tests:/run", "-e", "PYTHONDONTWRITEBYTECODE=1"];
        return python(image(), `import run\nrun.main("${module}")`, [...volumes, ...variables]);
    });
});
