import { readdirSync } from "node:fs";
import path from "node:path";
import { imageForTests, python } from "../lab-image";
import { pythonTests } from "../python-tests";
import { CHART } from "./helm";
import { IRONIC_IMAGES } from "./ironic-images";

const TESTS = path.resolve(__dirname, "python");

// Each file runs in a container of its own: the modules under test patch Ironic's.
for (const name of IRONIC_IMAGES) {
    describe(`charts/ironic: the Python modules, in the image ${name}`, function () {
        this.timeout(60_000);
        const image = imageForTests(name);

        for (const file of readdirSync(TESTS).filter((name) => /^test_.*\.py$/.test(name))) {
            pythonTests(path.join(TESTS, file), (module) => {
                const volumes = ["-v", `${path.join(CHART, "files")}:/scripts:ro`, "-v", `${TESTS}:/tests:ro`];
                const variables = ["-e", "PYTHONPATH=/scripts:/tests", "-e", "PYTHONDONTWRITEBYTECODE=1"];
                return python(image(), `import run\nrun.main("${module}")`, [...volumes, ...variables]);
            });
        }
    });
}
