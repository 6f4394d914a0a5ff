/** The error that tells the engine that a resource exists but is not right (pulumirpc.ErrorResourceInitFailed). */
import * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as statuspb from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Created, InitFailedError, ResourceDefinition } from "./definition";
import { outputsOf } from "./operations";
import { Properties, conceal, toStruct } from "./values";

/**
 * Rethrows an error as a gRPC status. The status of an {@link InitFailedError} carries the resource, in gRPC's binary
 * trailer grpc-status-details-bin, so that the engine keeps the resource in the state.
 */
export function initFailed(
    error: unknown,
    wireInputs: Properties,
    resource: ResourceDefinition,
    inputs: Properties,
    secrets: ReadonlySet<string>,
): Promise<Created> {
    if (!(error instanceof InitFailedError)) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const detail = new pb.ErrorResourceInitFailed();
    detail.setId(error.created.id);
    detail.setProperties(toStruct(conceal(outputsOf(resource, inputs, error.created.outputs), secrets)));
    detail.setInputs(toStruct(wireInputs));
    detail.setReasonsList([error.message]);
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statuspb.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(error.message);
    status.addDetails(any);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return Promise.reject(
        Object.assign(new Error(error.message), { code: grpc.status.UNKNOWN, details: error.message, metadata }),
    );
}
