import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../plan/user-error";

/**
 * Passes on the promise, with errors as Pulumi is to show them. Of a RunError Pulumi shows the message alone. Of any
 * other error it shows the object and where it was thrown, which says nothing to a user whose configuration, machine or
 * fleet has a problem.
 */
export async function withRunErrors<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
    }
}
