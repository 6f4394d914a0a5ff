import * as pulumi from "@pulumi/pulumi";
import { ConfigurationError } from "../plan/config/validate";
import { FleetTimeout } from "../tasks/wait-for-fleet/wait";

/**
 * The same promise, its errors as Pulumi is to show them: of a RunError it shows the message alone, of any other the object and where it was thrown, which
 * says nothing to a user whose configuration or fleet is wrong.
 */
export async function withRunErrors<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw error instanceof ConfigurationError || error instanceof FleetTimeout
            ? new pulumi.RunError(error.message)
            : error;
    }
}
