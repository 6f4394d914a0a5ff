import { expect } from "chai";
import { missingInNodes } from "../../machine/embedded/preflight";
import { loadIntoNode } from "../../tasks/node-images";
import { CommandFolder } from "./command-folder";

/**
 * A Docker with two nodes that run, one whose containerd has the images in the file `node` and one that has none, and
 * with those in `store`.
 */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$*" in
    "exec node ctr --namespace k8s.io images ls --quiet") cat node ;;
    "exec empty ctr --namespace k8s.io images ls --quiet") ;;
    "image inspect "*) grep -qx "$3" store ;;
    "save "*) shift; echo "$@" ;;
    "tag "*) echo "$3" >> store ;;
    "rmi "*) grep -vx "$2" store > left; mv left store ;;
    "exec --interactive node ctr "*" images import -") cat >> imported; sed 's#^#docker.io/#' imported >> node ;;
    "exec --interactive node ctr "*" images tag --force "*) grep -qx "\${10}" node && echo "\${11}" >> node ;;
    "exec --interactive node ctr "*" images rm "*) grep -vx "$9" node > left; mv left node ;;
    *) echo "no such container" >&2; exit 1 ;;
esac
`;
const FKAS = "metal3-scale-lab/fkas:0123456789ab";
const ALIAS = "metal3-scale-lab/by-digest:0123456789ab";
const IRONIC = "metal3-scale-lab/ironic:ba9876543210";

describe("The images in the node of a lab", () => {
    let folder: CommandFolder;
    beforeEach(async () => {
        folder = await CommandFolder.create({ docker: DOCKER });
        await folder.write("node", `docker.io/${FKAS}`, "registry.k8s.io/pause:3.10");
        await folder.write("store", FKAS, IRONIC);
    });
    afterEach(() => folder.remove());

    it("are not missed in Docker, where somebody has removed them", async () => {
        expect(await missingInNodes(["node"], [FKAS, IRONIC])).to.deep.equal([IRONIC]);
    });

    it("are missed in Docker as long as the node does not run", async () => {
        expect(await missingInNodes(["other"], [FKAS, IRONIC])).to.deep.equal([FKAS, IRONIC]);
    });

    it("are missed in Docker as long as one of several nodes lacks them", async () => {
        expect(await missingInNodes(["node", "empty"], [FKAS, IRONIC])).to.deep.equal([FKAS, IRONIC]);
    });

    it("are copied again, those that it lacks and no others", async () => {
        const said: string[] = [];
        await loadIntoNode("node", [FKAS, IRONIC], (text) => said.push(text));
        expect(await folder.read("imported")).to.equal(`${IRONIC}\n`);
        expect(said).to.have.length(1);
        expect(said[0]).to.match(/^1 of 2 images were missing in node/);
    });

    it("that are told by a digest come under a tag, and get the name by which pods look for them", async () => {
        const digest = `sha256:${"0123456789ab".repeat(6).slice(0, 64)}`;
        const byDigest = `quay.io/metal3-io/ironic@${digest}`;
        await folder.write("store", byDigest);
        await loadIntoNode("node", [byDigest], () => undefined);
        expect(await folder.read("imported")).to.equal(`${ALIAS}\n`);
        expect(await folder.read("node"))
            .to.include(`\n${byDigest}\n`)
            .and.not.include(ALIAS);
        expect(await folder.read("store")).to.equal(`${byDigest}\n`);
        // Nothing is copied once more.
        await loadIntoNode("node", [byDigest], (text) => expect.fail(text));
    });

    it("are left alone without a word where the node has all of them", async () => {
        await loadIntoNode("node", [FKAS], (text) => expect.fail(text));
    });

    it("cannot be copied from a Docker that lacks them as well, which is said with the way out", async () => {
        await folder.write("store");
        const error = await loadIntoNode("node", [IRONIC], () => undefined).catch((each: unknown) => each as Error);
        expect(error?.message).to.include(IRONIC).and.include("npm run setup");
    });
});
