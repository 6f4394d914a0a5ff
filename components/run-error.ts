import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../plan/user-error";

/**
 * An error of which Pulumi shows the message alone, as it is. Where an error comes out of a resource's inputs, Pulumi
 * writes "error serializing property" and the property's name before its message, for each resource once more.
 */
function runError(message: string): pulumi.RunError {
    const asItIs = { get: () => message, set: () => undefined };
    return Object.defineProperty(new pulumi.RunError(message), "message", asItIs);
}

/**
 * Passes on the promise, with errors as Pulumi is to show them. Of a RunError Pulumi shows the message alone. Of any
 * other error it shows the object and where it was thrown, which says nothing to a user whose configuration, machine or
 * fleet has a problem.
 */
export async function withRunErrors<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw error instanceof UserError ? runError(error.message) : error;
    }
}
