/** `docker:index/remoteImage:RemoteImage`, and finding an image for a container. */
import type Docker from "dockerode";
import { Context, Created, ResourceDefinition } from "../shared/definition";
import { docker, inspected, isNotFound, reason } from "./client";
import { flag, map, text, texts } from "./types";

/** The image in the local store, else pulled. @throws where neither has it. */
export async function findImage(
    client: Docker,
    name: string,
    context: Context,
    platform?: string,
): Promise<Docker.ImageInspectInfo> {
    const local = await inspected(client.getImage(name).inspect());
    if (local !== undefined) {
        return local;
    }
    context.progress(`pulling ${name}`);
    try {
        const stream = await client.pull(name, platform === undefined ? {} : { platform });
        await new Promise<void>((resolve, reject) => {
            const abort = (): void => reject(new Error("cancelled"));
            context.signal.addEventListener("abort", abort, { once: true });
            client.modem.followProgress(stream, (error: Error | null) => (error === null ? resolve() : reject(error)));
        });
        return await client.getImage(name).inspect();
    } catch (error) {
        throw new Error(`image ${name} is not in the local store and cannot be pulled: ${reason(error)}`, {
            cause: error,
        });
    }
}

function describe(info: Docker.ImageInspectInfo, name: string): Created {
    const repository = name.split("@")[0]?.replace(/:[^/:]*$/, "");
    const repoDigest =
        (info.RepoDigests ?? []).find((digest) => digest.startsWith(`${repository}@`)) ?? info.RepoDigests?.[0] ?? "";
    return { id: info.Id + name, outputs: { imageId: info.Id, repoDigest } };
}

export const remoteImage: ResourceDefinition = {
    token: "docker:index/remoteImage:RemoteImage",
    description: "An image in the local store, pulled where it is not there.",
    inputs: {
        name: text("Name of the image, with tag or digest.", { required: true, replace: true }),
        keepLocally: flag("Leave the image where it is when the resource is deleted. Default false.", {
            sameAsUnset: [false],
        }),
        forceRemove: flag("Remove the image by force when the resource is deleted. Default false.", {
            sameAsUnset: [false],
        }),
        platform: text("Platform to pull.", { replace: true }),
        pullTriggers: texts("Values that, when changed, pull again.", { replace: true }),
        triggers: map("Values that, when changed, make the resource again.", { replace: true }),
    },
    outputs: {
        imageId: text("Id of the image, sha256:…", { required: true }),
        repoDigest: text("The image's digest in its repository; empty for one that was never pushed or pulled.", {
            required: true,
        }),
    },
    notServed: ["build"],
    async create(inputs, context) {
        const name = inputs["name"] as string;
        return describe(await findImage(await docker(), name, context, inputs["platform"] as string | undefined), name);
    },
    async read(id, state, inputs) {
        // Upstream's ids are the image's id with the name behind it.
        const name = (inputs?.["name"] ?? state["name"] ?? id.replace(/^sha256:[0-9a-f]{64}/, "")) as string;
        const info = await inspected((await docker()).getImage(name).inspect());
        return info === undefined ? undefined : { ...describe(info, name), inputs: inputs ?? { name } };
    },
    async update(_id, _olds, news, context) {
        const name = news["name"] as string;
        return describe(await findImage(await docker(), name, context, news["platform"] as string | undefined), name)
            .outputs;
    },
    async delete(_id, state) {
        if (state["keepLocally"] === true) {
            return;
        }
        const name = state["name"] as string;
        try {
            await (await docker()).getImage(name).remove({ force: state["forceRemove"] === true });
        } catch (error) {
            if (!isNotFound(error)) {
                throw new Error(`cannot remove image ${name}: ${reason(error)}`, { cause: error });
            }
        }
    },
};
