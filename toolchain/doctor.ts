import type { Cache } from "./cache/cache";
import type { Finding } from "./doctor/finding";
import { dockerFinding, machineFindings, spaceFinding } from "./doctor/machine";
import { missingPrograms } from "./doctor/missing-programs";
import { imageFindings, manifestsFinding, pluginFindings, programFindings, toolFindings } from "./doctor/parts";
import type { LabNeeds } from "./ensure/needs";
import { haveImage } from "./images/build";

export type { Finding } from "./doctor/finding";

/** Looks at everything that the lab needs. Changes nothing and downloads nothing. */
export async function examine(cache: Cache, needs: LabNeeds): Promise<Finding[]> {
    const docker = await dockerFinding();
    const have = async (reference: string): Promise<boolean> =>
        docker.dataRoot !== undefined && (await haveImage(reference));
    const missing = await missingPrograms(cache, needs, have);
    const parts = [
        ...(await toolFindings(cache, needs.tools)),
        ...(await pluginFindings(cache)),
        ...(await programFindings(cache, missing)),
        await manifestsFinding(cache, needs),
        ...(await imageFindings(needs, have)),
    ];
    return [...machineFindings(cache), docker.finding, spaceFinding(cache, parts, docker.dataRoot), ...parts];
}
