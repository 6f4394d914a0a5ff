import { expect } from "chai";
import { referenceBelow } from "../../plan/image-reference";
import { takeFromRegistry } from "../../toolchain/ensure/from-registry";
import { NO_MORE } from "../../toolchain/ensure/needs";
import { builtReference } from "../../toolchain/images/reference";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";
import { CommandFolder } from "./command-folder";

const PREFIX = "registry.example:5000/lab";
const below = (name: string): string => referenceBelow(PREFIX, name, builtReference(name));

/** A Docker with the images in the file `store`, and a registry with those in `registry`, unless it is `refused`. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$1 $2" in
    "image inspect") grep -qx "$5" store ;;
    "pull --quiet")
        echo "$3" >> asked
        if [ -e refused ]; then cat refused >&2; exit 1; fi
        grep -qx "$3" registry && exit
        echo "Error response from daemon: manifest for $3 not found: manifest unknown" >&2; exit 1 ;;
    "tag "*) grep -qx "$2" registry && echo "$3" >> store ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

describe("What npm run up takes from the lab's registry", () => {
    let folder: CommandFolder;
    let said: string;
    const take = (registry: string | undefined, overrides: Record<string, string> = {}): Promise<void> => {
        const progress = new Progress({ sink: { write: (text) => (said += text) } });
        const needs = { ...NO_MORE, images: { source: "build" as const, overrides }, registry };
        return takeFromRegistry(new Toolchain(progress, undefined, folder.path), needs);
    };
    beforeEach(async () => {
        said = "";
        folder = await CommandFolder.create({ docker: DOCKER });
        await folder.write("store", builtReference("mariadb"));
        await folder.write("registry", below("node"), below("mariadb"));
    });
    afterEach(() => folder.remove());

    it("is what Docker lacks and the registry has, under the names that the rest looks for", async () => {
        await take(PREFIX, { ironic: "example.org/ironic:1" });
        expect(await folder.lines("store")).to.deep.equal([builtReference("mariadb"), builtReference("node")]);
        const asked = await folder.lines("asked");
        expect(asked).to.include(below("fkas")).and.not.include(below("mariadb")).and.not.include(below("ironic"));
        expect(said).to.match(/: 1 of \d+ images that Docker lacks were there\n/);
    });

    it("is nothing where it cannot be asked, which is said once", async () => {
        await folder.write("refused", "dial tcp 10.0.0.1:5000: connect: connection refused");
        await take(PREFIX);
        expect(await folder.lines("asked")).to.have.length(1);
        expect(said).to.match(/cannot be pulled: .*connection refused/);
    });

    it("is nothing without a registry", async () => {
        await take(undefined);
        expect(said).to.equal("");
    });
});
