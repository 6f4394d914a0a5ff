import { expect } from "chai";
import type { RegistryImage } from "../../plan/image-reference";
import { imagesThatRunAs } from "../../toolchain/images/recipes";
import { buildLab, CONTAINER, DEPLOYMENT, field, lab } from "./build-lab";

const PREFIX = "registry.example:5000/lab";
const COMMAND = "command:local:Command";
const MINIKUBE = { substrate: "minikube", minikubeDriver: "docker" };

describe("A lab with a registry", () => {
    for (const [substrate, raw] of Object.entries({ embedded: {}, minikube: MINIKUBE })) {
        it(`pushes its images before anything pulls them, on the substrate ${substrate}`, async () => {
            const { recorder, images } = await buildLab({ ...raw, imageRegistry: PREFIX });
            const [push] = recorder.of(COMMAND).filter(({ name }) => name === "pushed-images");
            const pushed = JSON.parse(String(field(push!, "environment", "IMAGES"))) as RegistryImage[];
            expect(pushed).to.deep.equal(images.forRegistry());
            expect(pushed).to.have.length(imagesThatRunAs("pod", "container").length);
            const [load] = recorder.of(COMMAND).filter(({ name }) => name === "kubernetes-images");
            expect(field(load!, "environment")).to.include({ REGISTRY: PREFIX, GATEWAY: "192.168.222.1" });
            expect(recorder.dependencies.get("kubernetes-images")).to.include("pushed-images");
        });
    }

    it("has pods with images below it alone, and the containers of Docker that it would have without one", async () => {
        const [before, after] = [await lab({}), await lab({ imageRegistry: PREFIX })];
        const pods = after.of(DEPLOYMENT).filter(({ name }) => !name.startsWith("ironic-"));
        expect(pods).to.have.length.above(2);
        for (const pod of pods) {
            const image = field(pod, "spec", "template", "spec", "containers", 0, "image");
            expect(image, pod.name).to.match(new RegExp(`^${PREFIX}/[a-z0-9-]+:[\\w.-]+$`));
        }
        const containers = (of: typeof before) => of.of(CONTAINER).map(({ name, inputs }) => [name, inputs["image"]]);
        expect(containers(after)).to.have.deep.members(containers(before));
    });

    it("makes nothing for it without one", async () => {
        const recorder = await lab({});
        expect(recorder.resources.filter(({ name }) => name === "pushed-images")).to.deep.equal([]);
        const [load] = recorder.of(COMMAND).filter(({ name }) => name === "kubernetes-images");
        expect(Object.keys(field(load!, "environment") as object)).to.have.members(["NODE_CONTAINER", "IMAGES"]);
    });
});
