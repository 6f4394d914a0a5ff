/** `docker:index/volume:Volume`. */
import { ResourceDefinition } from "../shared/definition";
import { Properties } from "../shared/values";
import { docker, inspected, reason } from "./client";
import { hasProgramLabels, labelMap, removeForgotten, takenError, withoutOwner } from "./ownership";
import { removeWhenUnused } from "./removal";
import { map, readBackLabels, text } from "./types";

interface VolumeInfo {
    Name: string;
    Driver: string;
    Mountpoint: string;
    Labels: Record<string, string> | null;
    CreatedAt?: string;
}

function outputsOf(info: VolumeInfo, inputs: Properties): Properties {
    return {
        name: info.Name,
        driver: info.Driver,
        mountpoint: info.Mountpoint,
        driverOpts: inputs["driverOpts"],
        labels: inputs["labels"],
    };
}

export const volume: ResourceDefinition = {
    token: "docker:index/volume:Volume",
    description: "A Docker volume.",
    autoname: "name",
    inputs: {
        name: text("Name of the volume.", { replace: true, computed: true }),
        driver: text("Driver of the volume. Default: local.", { replace: true, computed: true }),
        driverOpts: map("Options of the driver.", { replace: true }),
        labels: readBackLabels("VolumeLabel"),
    },
    outputs: { mountpoint: text("Where the volume is on the host.", { required: true }) },
    notServed: ["cluster"],
    async create(inputs, context) {
        const client = await docker();
        const name = inputs["name"] as string;
        const existing = (await inspected(client.getVolume(name).inspect())) as VolumeInfo | undefined;
        if (existing !== undefined) {
            if (!hasProgramLabels(existing.Labels, inputs["labels"])) {
                const made = `made ${existing.CreatedAt ?? "at an unknown time"}`;
                throw takenError("volume", name, existing.Labels, made);
            }
            const kept = "which an interrupted update of this stack has left: its content stays";
            context.log("info", `using volume ${name}, ${kept}`);
        }
        try {
            await client.createVolume({
                Name: name,
                ...(inputs["driver"] === undefined ? {} : { Driver: inputs["driver"] as string }),
                DriverOpts: (inputs["driverOpts"] as Record<string, string> | undefined) ?? {},
                Labels: labelMap(inputs["labels"]),
            });
        } catch (error) {
            throw new Error(`cannot make volume ${name}: ${reason(error)}`, { cause: error });
        }
        const info = (await client.getVolume(name).inspect()) as VolumeInfo;
        return { id: info.Name, outputs: outputsOf(info, inputs) };
    },
    async read(id, _state, inputs) {
        const info = (await inspected((await docker()).getVolume(id).inspect())) as VolumeInfo | undefined;
        if (info === undefined) {
            return undefined;
        }
        const found: Properties = { ...inputs, labels: withoutOwner(inputs["labels"]) };
        return { id: info.Name, inputs: found, outputs: outputsOf(info, found) };
    },
    async delete(id, _state, context) {
        const client = await docker();
        await removeForgotten(client, { volume: [id] }, context);
        await removeWhenUnused(
            client.getVolume(id),
            /volume is in use/i,
            context,
            (error) => `cannot remove volume ${id}: ${reason(error)}`,
        );
    },
};
