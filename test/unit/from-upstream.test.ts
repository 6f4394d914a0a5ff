import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { takeFromUpstream } from "../../toolchain/ensure/from-upstream";
import { imageRecipe } from "../../toolchain/images/recipes";
import { builtReference, imageReference, type ImageSource } from "../../toolchain/images/reference";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";

/** A Docker with the images in the file `store`. It pulls everything, or nothing of a registry in `broken`. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$1 $2" in
    "image inspect") grep -qx "$5" store ;;
    "pull --quiet")
        echo "$3" >> pulled
        if [ -e broken ] && echo "$3" | grep -qf broken; then echo "toomanyrequests" >&2; exit 1; fi ;;
    "tag "*) echo "$2 $3" >> tagged ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

describe("What npm run up takes from upstream's registries", () => {
    let folder: string;
    let path: string | undefined;
    let said: string;
    let asked: string[];
    const read = async (file: string): Promise<string[]> =>
        (await readFile(join(folder, file), "utf8").catch(() => "")).trim().split("\n").filter(Boolean);

    /** @param reached addresses that answer */
    async function take(source: ImageSource, reached: RegExp, overrides: Record<string, string> = {}): Promise<void> {
        const progress = new Progress({ sink: { write: (text) => (said += text) } });
        await takeFromUpstream(
            new Toolchain(progress, undefined, folder),
            { images: { source, overrides } },
            (address) => {
                asked.push(address);
                return Promise.resolve(reached.test(address));
            },
        );
    }
    beforeEach(async () => {
        [said, asked] = ["", []];
        folder = await mkdtemp(join(tmpdir(), "from-upstream-"));
        await writeFile(join(folder, "docker"), DOCKER, { mode: 0o755 });
        await writeFile(join(folder, "store"), `${builtReference("mariadb")}\n`);
        path = process.env["PATH"];
        process.env["PATH"] = `${folder}${delimiter}${path ?? ""}`;
    });
    afterEach(async () => {
        process.env["PATH"] = path;
        await rm(folder, { recursive: true });
    });

    it("is what Docker lacks and upstream publishes, under the references that a build would give it", async () => {
        await take("auto", /./, { coredns: "example.org/coredns:1" });
        const tagged = await read("tagged");
        expect(tagged).to.include(`${imageRecipe("ironic").pull} ${imageReference("ironic")}`);
        expect(tagged).to.have.length(9);
        const pulled = (await read("pulled")).join("\n");
        for (const absent of ["mariadb", "coredns", "sushy-tools", "node"]) {
            expect(pulled).to.not.include(absent);
        }
        expect(said).to.match(/: \d images of upstream were pulled\n/);
    });

    it("leaves to be built what is of a registry that is not reached, and asks that one once a day", async () => {
        await take("auto", /registry\.k8s\.io/);
        expect(asked).to.have.members([
            "https://quay.io/v2/",
            "https://registry-1.docker.io/v2/",
            "https://registry.k8s.io/v2/",
        ]);
        expect((await read("pulled")).filter((reference) => !reference.startsWith("registry.k8s.io/"))).to.deep.equal(
            [],
        );
        expect(said).to.match(/quay\.io is not reached: \d images of upstream are built here\n/);
        asked = [];
        await take("auto", /./);
        expect(asked).to.deep.equal(["https://registry.k8s.io/v2/"]);
    });

    it("says which image could not be pulled, and leaves it and the rest of its registry to be built", async () => {
        await writeFile(join(folder, "broken"), "quay.io\n");
        await take("auto", /./);
        expect((await read("pulled")).filter((reference) => reference.startsWith("quay.io/"))).to.have.length(1);
        expect((await read("tagged")).filter((line) => line.startsWith("quay.io/"))).to.deep.equal([]);
        expect(said).to.match(/quay\.io\/\S+ cannot be pulled, and \d images are built here: .*toomanyrequests/);
    });

    it("is nothing where a person has said where images come from, or where Docker has all of them", async () => {
        await take("build", /./);
        await take("pull", /./);
        const all = [
            "pause",
            "coredns",
            "mariadb",
            "ironic",
            "image-server",
            "baremetal-operator",
            "ip-address-manager",
        ];

        const more = ["cluster-api", "kubeadm-bootstrap", "kubeadm-control-plane"].map((part) => `${part}-controller`);
        const names = [...all, "cluster-api-provider-metal3", ...more];
        await writeFile(join(folder, "store"), names.map((name) => `${builtReference(name)}\n`).join(""));
        await take("auto", /./);
        expect([asked, await read("pulled")]).to.deep.equal([[], []]);
    });
});
