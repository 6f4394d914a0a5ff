/** The docker plugin over a real daemon, and what a test makes with it. */
import { dockerProvider } from "../../plugins/docker/provider";
import { skipBecause } from "../skip";
import { IMAGE, PREFIX, SUBNET, address, cleanUp, client, isDockerThere, makeImage } from "./docker-machine";
import { Harness, Json } from "./harness";

export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";
export const FOREVER = ["/bin/sh", "-c", "echo here I am; exec sleep 1000"];
/** The label by which the program's networks and volumes are recognised. */
export const LABELS = [{ label: "lab", value: PREFIX }];

export const container = (more: Json = {}): Json => ({
    name: `${PREFIX}-c`,
    image: IMAGE,
    command: FOREVER,
    ...more,
});
export const network = (more: Json = {}): Json => ({
    name: `${PREFIX}-n`,
    ipamConfigs: [{ subnet: SUBNET, gateway: address(1) }],
    ...more,
});
export const volume = (more: Json = {}): Json => ({ name: `${PREFIX}-v`, ...more });

/** Whether Docker has a container of that id or name. */
export const isThere = async (id: string): Promise<boolean> =>
    client
        .getContainer(id)
        .inspect()
        .then(
            () => true,
            () => false,
        );

export interface Made {
    id: string;
    outputs: Json;
    inputs: Json;
}

export class Stage {
    private readonly made: { token: string; id: string; state: Json }[] = [];
    private constructor(readonly provider: Harness) {}

    /**
     * Adds the hooks that start the plugin, skip where there is no daemon, and clean up.
     * @returns the stage, for use inside tests
     */
    static hooks(): () => Stage {
        let stage: Stage | undefined;
        before(async function () {
            if (!(await isDockerThere())) {
                skipBecause(this, "Docker does not answer");
            }
            await makeImage();
            stage = new Stage(await Harness.start(dockerProvider));
        });
        after(async () => {
            stage?.provider.stop();
            if (await isDockerThere()) {
                await cleanUp();
            }
        });
        afterEach(async () => {
            for (const { token, id, state } of stage?.made.splice(0).reverse() ?? []) {
                await stage?.provider.delete(token, id, state);
            }
        });
        return () => stage as Stage;
    }

    /** Checks and creates a resource, which is deleted after the test. */
    async make(token: string, inputs: Json, name = "it"): Promise<Made> {
        const checked = await this.provider.checked(token, inputs, {}, name);
        const { id, outputs } = await this.provider.create(token, checked, false, name);
        this.remember(token, id, outputs);
        return { id, outputs, inputs: checked };
    }

    /** Has something deleted after the test. */
    remember(token: string, id: string, state: Json): void {
        this.made.push({ token, id, state });
    }
}
