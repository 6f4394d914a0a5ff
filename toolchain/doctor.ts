import type { Cache } from "./cache/cache";
import type { Finding } from "./doctor/finding";
import { dockerFinding, machineFindings, spaceFinding } from "./doctor/machine";
import { imageFindings, manifestsFinding, pluginFindings, programFindings, toolFindings } from "./doctor/parts";
import type { WantedImages } from "./images/reference";

export type { Finding } from "./doctor/finding";

/** Looks at everything that the lab needs. Changes nothing and downloads nothing. */
export async function examine(cache: Cache, wanted: WantedImages): Promise<Finding[]> {
    const docker = await dockerFinding();
    const parts = [
        ...(await toolFindings(cache)),
        ...(await pluginFindings(cache)),
        ...(await programFindings(cache)),
        await manifestsFinding(cache),
        ...(await imageFindings(wanted, docker.dataRoot !== undefined)),
    ];
    return [...machineFindings(cache), docker.finding, spaceFinding(cache, parts, docker.dataRoot), ...parts];
}
