import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { loadIntoNode } from "../../tasks/node-images";
import { isInsecure, isLoopback } from "../../tasks/registry/insecure";
import { hostsFile } from "../../tasks/registry/pull";
import { pushImages, pushProblem } from "../../tasks/registry/push";
import { CommandFolder } from "./command-folder";

const PREFIX = "127.0.0.1:5000/lab";
const REGISTRY = { prefix: PREFIX, gateway: "192.168.222.1" };
const image = (name: string) => ({ local: `metal3-scale-lab/${name}:1`, reference: `${PREFIX}/${name}:1` });

/**
 * A Docker with the images in the file `store`, a registry with those in `registry`, and a node with those in `node`.
 * Of a file `refused` the registry takes no push, and of a file `unreachable` the node reaches no registry.
 */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$*" in
    "info --format {{json .RegistryConfig}}") echo '{"InsecureRegistryCIDRs":["127.0.0.0/8"]}' ;;
    "manifest inspect --insecure "*) grep -qx "$4" registry ;;
    "image inspect "*) grep -qx "$3" store ;;
    "tag "*) grep -qx "$2" store && echo "$3" >> store ;;
    "push --quiet "*)
        if [ -e refused ]; then cat refused >&2; exit 1; fi
        grep -qx "$3" store && echo "$3" >> registry && echo "$3" >> pushed ;;
    "exec node ctr --namespace k8s.io images ls --quiet") cat node ;;
    "exec --interactive node sh -c "*) echo "$6" > written; cat > hosts.toml ;;
    "exec --interactive node ctr --namespace k8s.io images pull --hosts-dir /etc/containerd/certs.d "*)
        if [ -e unreachable ]; then cat unreachable >&2; exit 1; fi
        grep -qx "\${11}" registry && echo "\${11}" >> node ;;
    "save "*) shift; echo "$@" ;;
    "exec --interactive node ctr --namespace k8s.io images import -") cat >> imported ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

describe("The lab's registry", () => {
    let folder: CommandFolder;
    beforeEach(async () => {
        folder = await CommandFolder.create({ docker: DOCKER });
        await folder.write("store", ...["ironic", "fkas", "pause"].map((name) => image(name).local));
        await folder.write("registry", image("pause").reference);
        await folder.write("node", "registry.k8s.io/pause:3.10");
    });
    afterEach(() => folder.remove());

    it("gets the images that it lacks, and no others", async () => {
        const said: string[] = [];
        await pushImages(["ironic", "pause", "fkas"].map(image), (text) => said.push(text));
        const pushed = (await folder.read("pushed")).trim().split("\n");
        expect(pushed).to.have.members([image("ironic").reference, image("fkas").reference]);
        expect(said.at(-1)).to.equal("1 of 3 images were in the registry already, 2 were pushed");
    });

    it("says in one line why it takes nothing, and what helps", async () => {
        await folder.write("refused", "errors:", "denied: requested access to the resource is denied");
        const error = await pushImages([image("fkas")], () => undefined).catch((each: unknown) => each as Error);
        expect(error?.message).to.equal(
            `the registry 127.0.0.1:5000 (key imageRegistry) did not take ${image("fkas").reference}: ` +
                "denied: requested access to the resource is denied. " +
                "What helps: 'docker login 127.0.0.1:5000' as somebody who may push there",
        );
    });

    for (const [reason, hint] of [
        ["unauthorized: authentication required", "docker login r:5"],
        ["http: server gave HTTP response to HTTPS client", "insecure-registries"],
        ["x509: certificate signed by unknown authority", "/etc/docker/certs.d/r:5/ca.crt"],
        ["dial tcp: lookup r: no such host", "is r:5 the right address"],
        ["dial tcp 10.0.0.1:5: connect: connection refused", "does it run"],
    ] as const) {
        it(`has a hint for: ${reason}`, () => expect(pushProblem("r:5/a:1", reason)).to.include(hint));
    }

    it("is told to a node with the address at which the node finds it, and the node pulls from it", async () => {
        await folder.write("registry", image("ironic").reference, image("fkas").reference);
        const said: string[] = [];
        const wanted = [image("ironic").reference, image("pause").local, image("fkas").reference];
        await loadIntoNode("node", wanted, (text) => said.push(text), REGISTRY);
        expect(await folder.read("written")).to.include("/etc/containerd/certs.d/127.0.0.1:5000/hosts.toml");
        expect(await folder.read("hosts.toml")).to.equal(
            '[host."http://192.168.222.1:5000"]\n  capabilities = ["pull", "resolve"]\n',
        );
        expect((await folder.read("node")).split("\n")).to.include.members([wanted[0], wanted[2]]);
        // What is not below the prefix is copied.
        expect(await folder.read("imported")).to.equal(`${image("pause").local}\n`);
        expect(said[0]).to.match(/^the node pulled 2 images from 127\.0\.0\.1:5000\/lab in \d+ s$/);
    });

    it("that a node cannot reach is said once, and the images are copied", async () => {
        await folder.write("unreachable", "ctr: failed to resolve", "connection refused");
        await folder.write("store", image("ironic").reference, image("fkas").reference);
        const said: string[] = [];
        const wanted = ["ironic", "fkas"].map((name) => image(name).reference);
        await loadIntoNode("node", wanted, (text) => said.push(text), REGISTRY);
        expect(await folder.read("imported")).to.equal(`${wanted.join(" ")}\n`);
        expect(said.filter((text) => text.includes("cannot pull from"))).to.have.length(1);
        expect(said[0]).to.match(/so images are copied into it: .*connection refused$/);
    });

    it("is not asked where a node has all images", async () => {
        await folder.write("node", `${image("ironic").reference}`);
        await loadIntoNode("node", [image("ironic").reference], (text) => expect.fail(text), REGISTRY);
        expect(existsSync(join(folder.path, "written"))).to.equal(false);
    });
});

describe("A registry without a certificate", () => {
    const docker = {
        IndexConfigs: { "registry.lab:5000": { Secure: false }, "docker.io": { Secure: true } },
        InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", "10.1.0.0/16"],
    };

    for (const [host, insecure] of [
        ["127.0.0.1:5000", true],
        ["localhost:5000", true],
        ["10.1.2.3:5000", true],
        ["registry.lab:5000", true],
        ["10.2.2.3:5000", false],
        ["registry.lab", false],
        ["docker.io", false],
    ] as const) {
        it(`is one of those for which Docker takes ${host}: ${insecure ? "yes" : "no"}`, () =>
            expect(isInsecure(host, docker)).to.equal(insecure));
    }

    it("is not known where Docker says nothing of registries", () =>
        expect(isInsecure("10.1.2.3:5000", { IndexConfigs: null, InsecureRegistryCIDRs: null })).to.equal(false));

    it("is reached through the gateway where it is on the machine's loopback interface", () => {
        expect(["127.0.0.1:5000", "127.1.2.3", "localhost"].map(isLoopback)).to.deep.equal([true, true, true]);
        expect(["10.0.0.1:5000", "127.example.com"].map(isLoopback)).to.deep.equal([false, false]);
        expect(hostsFile("localhost:5000", "10.0.0.1", true)).to.include('[host."http://10.0.0.1:5000"]');
    });

    it("is asked with HTTPS and then with HTTP, as Docker does, and one with a certificate needs no file", () => {
        expect(hostsFile("r.lab:5000", "10.0.0.1", true)?.match(/^\[.*\]$/gm)).to.deep.equal([
            '[host."https://r.lab:5000"]',
            '[host."http://r.lab:5000"]',
        ]);
        expect(hostsFile("r.lab:5000", "10.0.0.1", false)).to.equal(undefined);
    });
});
