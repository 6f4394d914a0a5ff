import path from "node:path";
import { imageForTests, python } from "../lab-image";
import { pythonTests } from "../python-tests";

const TESTS = path.resolve(__dirname, "python");

for (const name of ["sushy-tools", "sushy-tools-2.1.0"]) {
    describe(`toolchain/images/sushy-tools/host_profiles.py, in the image ${name}`, function () {
        this.timeout(60_000);
        const image = imageForTests(name);
        pythonTests(path.join(TESTS, "test_host_profiles.py"), (module) => {
            const volumes = ["toolchain/images/sushy-tools", "test/services/python", "test/charts/python"].flatMap(
                (folder, index) => ["-v", `${path.resolve(folder)}:/${["scripts", "tests", "run"][index]}:ro`],
            );
            const options = [
                "--tmpfs",
                "/tmp",
                "-e",
                "PYTHONPATH=/scripts:/tests:/run",
                "-e",
                "PYTHONDONTWRITEBYTECODE=1",
            ];
            return python(image(), `import run\nrun.main("${module}")`, [...volumes, ...options]);
        });
    });
}
