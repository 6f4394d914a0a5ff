import { readdirSync } from "node:fs";
import path from "node:path";
import { builtAs, imageRecipe } from "../../toolchain/images/recipes";
import { builtImage, imageForTests, python } from "../lab-image";
import { pythonTests } from "../python-tests";
import { CHART } from "./helm";

const TESTS = path.resolve(__dirname, "python");

/** Names under which the other versions of Ironic are built that this machine has. */
const BUILT = Object.keys(imageRecipe("ironic").versions ?? {})
    .map((version) => builtAs("ironic", version))
    .filter((name) => builtImage(name) !== undefined);

// Each file runs in a container of its own: the modules under test patch Ironic's.
for (const name of ["ironic", ...BUILT]) {
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
