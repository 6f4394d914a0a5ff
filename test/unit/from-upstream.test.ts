import { join } from "node:path";
import { expect } from "chai";
import { takeFromUpstream } from "../../toolchain/ensure/from-upstream";
import { pullImage } from "../../toolchain/images/build";
import { builtAs, imageRecipe, imagesThatRunAs } from "../../toolchain/images/recipes";
import { builtReference, imageReference, type ImageSource } from "../../toolchain/images/reference";
import { Progress } from "../../toolchain/progress";
import { Toolchain } from "../../toolchain/toolchain";
import { CommandFolder } from "./command-folder";

/** A Docker that pulls everything, or nothing of a registry in `broken`. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$1 $2" in
    "pull --quiet")
        echo "$3" >> pulled
        if [ -e broken ] && echo "$3" | grep -qf broken; then echo "toomanyrequests" >&2; exit 1; fi ;;
    "tag "*) echo "$2 $3" >> tagged ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

const LACKING = imagesThatRunAs("pod", "container");

describe("What npm run up takes from upstream's registries", () => {
    let folder: CommandFolder;
    let said: string;
    let asked: string[];
    /** Names of the images that Docker has. */
    let has: string[];

    /** @param reached addresses that answer */
    async function take(
        source: ImageSource,
        reached: RegExp,
        overrides: Record<string, string> = {},
        ironic = imageRecipe("ironic").version as string,
    ): Promise<void> {
        const progress = new Progress({ sink: { write: (text) => (said += text) } });
        await takeFromUpstream(
            new Toolchain(progress, undefined, folder.path),
            { images: { source, overrides, versions: { ironic } } },
            LACKING.filter((name) => !has.includes(name)).map((name) =>
                name === "ironic" ? builtAs(name, ironic) : name,
            ),
            (address) => {
                asked.push(address);
                return Promise.resolve(reached.test(address));
            },
        );
    }
    beforeEach(async () => {
        [said, asked, has] = ["", [], ["mariadb"]];
        folder = await CommandFolder.create({ docker: DOCKER });
    });
    afterEach(() => folder.remove());

    it("is what Docker lacks and upstream publishes, under the references that a build would give it", async () => {
        await take("auto", /./, { coredns: "example.org/coredns:1" });
        const tagged = await folder.lines("tagged");
        expect(tagged).to.include(`${imageRecipe("ironic").pull} ${imageReference("ironic")}`);
        expect(tagged).to.have.length(9);
        const pulled = (await folder.lines("pulled")).join("\n");
        for (const absent of ["mariadb", "coredns", "sushy-tools", "node"]) {
            expect(pulled).to.not.include(absent);
        }
        expect(said).to.match(/: \d images of upstream were pulled\n/);
    });

    it("is the version that the lab is to have, where upstream publishes that one", async () => {
        await take("auto", /./, {}, "37.0.0");
        expect(await folder.lines("tagged")).to.include(
            `quay.io/metal3-io/ironic:v37.0.0 ${builtReference("ironic-37.0.0")}`,
        );
        await take("auto", /./, {}, "39.0.0");
        const pulled = await folder.lines("pulled");
        expect(pulled.filter((reference) => reference.includes("/ironic:"))).to.deep.equal([
            "quay.io/metal3-io/ironic:v37.0.0",
        ]);
    });

    it("leaves to be built what is of a registry that is not reached, and asks that one once a day", async () => {
        await take("auto", /registry\.k8s\.io/);
        expect(asked).to.have.members([
            "https://quay.io/v2/",
            "https://registry-1.docker.io/v2/",
            "https://registry.k8s.io/v2/",
        ]);
        expect(
            (await folder.lines("pulled")).filter((reference) => !reference.startsWith("registry.k8s.io/")),
        ).to.deep.equal([]);
        expect(said).to.match(/quay\.io is not reached: \d images of upstream are built here\n/);
        asked = [];
        await take("auto", /./);
        expect(asked).to.deep.equal(["https://registry.k8s.io/v2/"]);
    });

    it("says which image could not be pulled, and leaves it and the rest of its registry to be built", async () => {
        await folder.write("broken", "quay.io");
        await take("auto", /./);
        expect((await folder.lines("pulled")).filter((reference) => reference.startsWith("quay.io/"))).to.have.length(
            1,
        );
        expect((await folder.lines("tagged")).filter((line) => line.startsWith("quay.io/"))).to.deep.equal([]);
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
        has = names;
        await take("auto", /./);
        expect([asked, await folder.lines("pulled")]).to.deep.equal([[], []]);
    });

    it("names the keys by which an image is wanted that cannot be pulled", async () => {
        await folder.write("broken", "quay.io");
        const log = join(folder.path, "log");
        const said = await pullImage("quay.io/metal3-io/ironic:v34.0.0", { log }).then(
            () => "",
            (error: Error) => `${error.name}: ${error.message}`,
        );
        const reference = "quay.io/metal3-io/ironic:v34.0.0";
        const wanted = "images.source = pull, images.overrides, or a version that is not built here (docs/versions.md)";
        expect(said).to.include(`UserError: ${wanted}: ${reference} cannot be pulled: `);
        expect(said).to.include("toomanyrequests").and.include("images.source auto");
    });
});
