import { expect } from "chai";
import { imagesOfNode } from "../../plan/image-reference";
import { Images } from "../../prepare/images";
import { keyOf } from "../../toolchain/cache/keys";
import { imageNames, imageRecipe, imagesThatRunAs, parseImages } from "../../toolchain/images/recipes";
import { builtReference, imageInputs, imageReference, labImages } from "../../toolchain/images/reference";

const pulled = { source: "pull", overrides: {} } as const;

describe("The list of images", () => {
    it("needs every image beneath another to be listed", () => {
        expect(() => parseImages("images: {a: {runs: pod, from: b}}")).to.throw("a is built on b, which is not listed");
    });

    it("needs every image inside another to be listed", () => {
        expect(() => parseImages("images: {a: {runs: pod, archives: {x.tar: b}}}")).to.throw(
            "a holds b, which is not listed",
        );
    });

    it("needs to know where each image runs, and names every problem at once", () => {
        expect(() => parseImages("images: {a: {from: b}, c: {runs: vm}}")).to.throw(
            /images\.a\.runs: .*images\.c\.runs: /,
        );
    });

    it("has every image that runs nowhere beneath another one", () => {
        const beneath = imageNames().map((name) => imageRecipe(name).from);
        for (const name of imagesThatRunAs("build")) {
            expect(beneath).to.include(name);
        }
    });
});

describe("The reference of an image", () => {
    it("is metal3-scale-lab/<name>:<12 hex digits> for a built one, and all are worked out within a second", () => {
        const started = Date.now();
        for (const name of imageNames()) {
            expect(imageReference(name)).to.match(new RegExp(`^metal3-scale-lab/${name}:[0-9a-f]{12}$`));
        }
        expect(Date.now() - started).to.be.below(1_000);
    });

    it("is upstream's, pinned, where images are pulled and upstream publishes one", () => {
        for (const name of imageNames()) {
            const { pull } = imageRecipe(name);
            expect(imageReference(name, pulled), name).to.equal(pull ?? builtReference(name));
            expect(pull ?? "x:1", name).to.match(/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/);
        }
    });

    it("is refused for a name that is no image, with the names that are", () => {
        expect(() => imageReference("nginx")).to.throw(
            /there is no image "nginx": toolchain\/images\/images.yaml has base, .*ironic/,
        );
    });

    it("changes with what the image is made from, and not with where upstream's is or where it runs", () => {
        const recipe = imageRecipe("pause");
        const of = (changes: object): string => keyOf(imageInputs("pause", { ...recipe, ...changes }));
        const same = of({});
        expect(of({ pull: "elsewhere/pause:1" })).to.equal(same);
        expect(of({ runs: "container" })).to.equal(same);
        const changed = [
            of({ args: { BINARY: "x" } }),
            of({ binaries: ["coredns"] }),
            of({ from: "base" }),
            of({ dockerfile: "manager" }),
            of({ archives: { "x.tar": "coredns" } }),
            of({ archives: { "x.tar": "base" } }),
            of({ files: { x: "package.json" } }),
            of({ bundles: { x: { entry: "index.ts", inputs: ["index.ts"] } } }),
        ];
        expect(new Set([same, ...changed]).size).to.equal(1 + changed.length);
    });
});

describe("The images of a lab", () => {
    it("are all that run as a pod or as a container, and none that is only built upon or only for minikube", () => {
        const names = labImages({ source: "build", overrides: {} }).map(({ name }) => name);
        expect(names).to.have.members(
            imageNames().filter((name) => ["pod", "container"].includes(imageRecipe(name).runs)),
        );
        expect(names).to.include.members(["ironic", "fkas", "node", "fake-ipa"]);
        expect(names).to.not.include.oneOf(["base", "minikube-base"]);
    });

    it("go into the node where they run as pods, under the user's own reference where there is one", () => {
        const overrides = { ironic: "example.org/ironic:1" };
        const images = new Images({ source: "build", overrides });
        const inCluster = images.inCluster();
        expect(images.reference("ironic")).to.equal("example.org/ironic:1");
        expect(new Images({ source: "pull", overrides }).reference("ironic")).to.equal("example.org/ironic:1");
        expect(inCluster).to.include.members(["example.org/ironic:1", images.reference("pause")]);
        expect(inCluster).to.have.length(imagesThatRunAs("pod").length);
        for (const name of ["base", ...imagesThatRunAs("container")]) {
            expect(inCluster).to.not.include(images.reference(name));
        }
    });

    it("are below the lab's registry where it has one, but for the user's own and for Docker's containers", () => {
        const prefix = "registry.example:5000/lab";
        const file = { from: "/ipa", sha256: "0".repeat(64) };
        const overrides = { ironic: "example.org/ironic:1" };
        const images = new Images({ source: "pull", overrides }, { kernel: file, ramdisk: file }, prefix);
        expect(images.reference("fkas")).to.equal(`${prefix}/${builtReference("fkas").split("/")[1] as string}`);
        expect(images.reference("mariadb")).to.equal(`${prefix}/mariadb:10.11.11`);
        expect(images.reference("ironic")).to.equal("example.org/ironic:1");
        expect(images.local("fkas")).to.equal(builtReference("fkas"));
        expect(images.ipa()).to.match(/^registry\.example:5000\/lab\/ipa:[0-9a-f]{12}$/);
        const pushed = images.forRegistry();
        const ofContainers = imagesThatRunAs("container").map((name) => images.reference(name));
        expect(pushed.map(({ reference }) => reference)).to.have.members([
            ...images.inCluster().filter((reference) => reference !== overrides.ironic),
            ...ofContainers,
        ]);
        expect(pushed.map(({ local }) => local)).to.include.members([
            builtReference("fkas"),
            "docker.io/library/mariadb:10.11.11",
        ]);
        // The image of the sandbox of pods: containerd has no credentials for the registry.
        expect(imagesOfNode(images)).to.deep.equal(
            images.inCluster().map((each) => (each === `${prefix}/pause:3.10.1` ? images.local("pause") : each)),
        );
        expect(new Images({ source: "build", overrides }).forRegistry()).to.deep.equal([]);
    });

    it("are built on this machine unless they are the user's own or pulled", () => {
        const built = (images: Images): Set<string> => new Set(images.built());
        const own = new Images({ source: "build", overrides: { ironic: "example.org/ironic:1" } });
        const lab = imagesThatRunAs("pod", "container");
        expect(built(own)).to.deep.equal(new Set(lab.filter((name) => name !== "ironic").map(builtReference)));
        const ours = lab.filter((name) => imageRecipe(name).pull === undefined);
        expect(ours).to.include("fkas").and.not.include("mariadb");
        expect(built(new Images(pulled))).to.deep.equal(new Set(ours.map(builtReference)));
    });
});
