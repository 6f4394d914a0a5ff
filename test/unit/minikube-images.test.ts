import { expect } from "chai";
import { loadImages } from "../../tasks/minikube/images";
import { CommandFolder } from "./command-folder";

const PROFILE = "m3lab-test";
const REGISTRY = { prefix: "127.0.0.1:5000/lab", gateway: "192.168.222.1" };
const FKAS = `${REGISTRY.prefix}/fkas:1`;
const OWN = "example.org/mine/ironic:1";

/**
 * A minikube whose machine has the images in the file `machine`, and whose shell runs what it is told with a `ctr` that
 * pulls everything, unless there is a file `unreachable`. `docker` has every image.
 */
const MINIKUBE = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$1 $2 $3" in
    "image --profile=${PROFILE} ls") cat machine ;;
    "image --profile=${PROFILE} load") cat "$4" >> machine; echo loaded >> loads ;;
    "ssh --profile=${PROFILE} --") shift 3; echo "$*" >> typed; PATH="$PWD:$PATH" sh -c "$*" ;;
    *) echo "the fake minikube does not know: $*" >&2; exit 1 ;;
esac
`;
const DOCKER = `#!/bin/sh
case "$1" in
    info) echo '{"InsecureRegistryCIDRs":["127.0.0.0/8"]}' ;;
    image) ;;
    save) echo "$4" > "$3" ;;
    *) exit 1 ;;
esac
`;
/** `sudo` of the machine: it writes below the folder of the fakes, and pulls by noting the reference. */
const SUDO = `#!/bin/sh
case "$1" in
    sh) cat > hosts.toml ;;
    ctr) if [ -e unreachable ]; then cat unreachable >&2; exit 1; fi; shift 7; echo "$1" >> machine ;;
esac
`;

describe("The images in minikube's machine", () => {
    let folder: CommandFolder;
    beforeEach(async () => {
        folder = await CommandFolder.create({ minikube: MINIKUBE, docker: DOCKER, sudo: SUDO });
        await folder.write("machine", "registry.k8s.io/pause:3.10");
    });
    afterEach(() => folder.remove());

    it("are pulled from the lab's registry, at the gateway where it listens on the loopback interface", async () => {
        const said: string[] = [];
        await loadImages(PROFILE, [FKAS, OWN], (text) => said.push(text), REGISTRY);
        expect(await folder.read("hosts.toml")).to.include('[host."http://192.168.222.1:5000"]');
        expect((await folder.read("machine")).split("\n")).to.include.members([FKAS, OWN]);
        // Only the one that is not below the prefix came by way of a file.
        expect(await folder.read("loads")).to.equal("loaded\n");
        expect(said.join("\n")).to.match(/the node pulled 1 images from 127\.0\.0\.1:5000\/lab in \d+ s/);
    });

    it("are copied, and it is said why, where the machine cannot reach the registry", async () => {
        await folder.write("unreachable", "connection refused");
        const said: string[] = [];
        await loadImages(PROFILE, [FKAS], (text) => said.push(text), REGISTRY);
        expect(await folder.read("loads")).to.equal("loaded\n");
        expect(said.filter((text) => /cannot pull from .*connection refused/.test(text))).to.have.length(1);
    });
});
