/** `docker:index/volume:Volume`. */
import { ResourceDefinition } from "../shared/definition";
import { Properties } from "../shared/values";
import { docker, inspected, isNotFound, reason } from "./client";
import { labelMap } from "./containerConfig";
import { OWNER_LABEL, isOurs, ownerLabels, removeForgotten, takenError } from "./ownership";
import { retryWhile } from "./retry";
import { label, map, setOf, text } from "./types";

/** How long a volume may stay in use while its containers go. Upstream's limit. */
const REMOVE_SECONDS = 30;

interface VolumeInfo {
    Name: string;
    Driver: string;
    Mountpoint: string;
    Labels: Record<string, string> | null;
    Options: Record<string, string> | null;
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
        labels: { type: setOf(label("VolumeLabel")), description: "Labels.", replace: true },
    },
    outputs: { mountpoint: text("Where the volume is on the host.", { required: true }) },
    notServed: ["cluster"],
    async create(inputs, context) {
        const client = await docker();
        const name = inputs["name"] as string | undefined;
        const existing =
            name === undefined
                ? undefined
                : ((await inspected(client.getVolume(name).inspect())) as VolumeInfo | undefined);
        if (existing !== undefined && !isOurs(existing.Labels, context.urn)) {
            throw takenError(
                "volume",
                existing.Name,
                existing.Labels,
                `made ${existing.CreatedAt ?? "at an unknown time"}`,
            );
        }
        if (existing !== undefined) {
            context.log(
                "info",
                `volume ${existing.Name} is left over from an interrupted update of this resource: it is kept, with its content`,
            );
        }
        try {
            await client.createVolume({
                ...(name === undefined ? {} : { Name: name }),
                ...(inputs["driver"] === undefined ? {} : { Driver: inputs["driver"] as string }),
                DriverOpts: (inputs["driverOpts"] as Record<string, string> | undefined) ?? {},
                Labels: {
                    ...labelMap((inputs["labels"] as Properties[] | undefined) ?? []),
                    ...ownerLabels(context.urn),
                },
            });
        } catch (error) {
            throw new Error(`cannot make volume ${name ?? ""}: ${reason(error)}`, { cause: error });
        }
        const info = (await client.getVolume(name as string).inspect()) as VolumeInfo;
        return { id: info.Name, outputs: outputsOf(info, inputs) };
    },
    async read(id, _state, inputs) {
        const info = (await inspected((await docker()).getVolume(id).inspect())) as VolumeInfo | undefined;
        if (info === undefined) {
            return undefined;
        }
        const found = inputs ?? imported(info);
        return { id: info.Name, inputs: found, outputs: outputsOf(info, found) };
    },
    async delete(id, _state, context) {
        const client = await docker();
        await removeForgotten(client, { volume: [id] }, context);
        await retryWhile(
            async () => {
                try {
                    await client.getVolume(id).remove();
                } catch (error) {
                    if (!isNotFound(error)) {
                        throw error;
                    }
                }
            },
            (error) => /volume is in use/i.test(reason(error)),
            REMOVE_SECONDS,
            context.signal,
            (error) => `cannot remove volume ${id}: ${reason(error)}`,
        );
    },
};

function imported(info: VolumeInfo): Properties {
    const labels = Object.entries(info.Labels ?? {}).filter(([name]) => name !== OWNER_LABEL);
    return {
        name: info.Name,
        driver: info.Driver,
        ...(Object.keys(info.Options ?? {}).length === 0 ? {} : { driverOpts: info.Options }),
        ...(labels.length === 0 ? {} : { labels: labels.map(([name, value]) => ({ label: name, value })) }),
    };
}
