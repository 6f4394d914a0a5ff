import * as pulumi from "@pulumi/pulumi";
import type { StackResources } from "../plan/change/living-lab";

/**
 * The resources of this stack as its last operation left them, in a preview and in `up` alike and with any backend.
 * Empty before the first `up`.
 */
export async function stackResources(): Promise<StackResources> {
    const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { outputs } = (await pulumi.runtime.invoke(
        "pulumi:pulumi:readStackResourceOutputs",
        { stackName },
        { async: true },
    )) as { outputs?: StackResources };
    return outputs ?? {};
}
