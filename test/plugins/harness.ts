/** A provider served in process and called as the engine calls it: over gRPC, with wire-format values. */
import * as grpc from "@grpc/grpc-js";
import * as provrpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as statuspb from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ProviderDefinition } from "../../plugins/shared/definition";
import { serviceOf } from "../../plugins/shared/service";

export type Json = Record<string, unknown>;

/**
 * The engine's marks of a secret and of an unknown, written out: the tests must not take them from the code they test.
 */
export const secret = (value: unknown): Json => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
});
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const struct = (value: Json): Struct => Struct.fromJavaScript(value as never);
const json = (value: Struct | undefined): Json => value?.toJavaScript() ?? {};

export interface Checked {
    inputs: Json;
    failures: { property: string; reason: string }[];
}
export interface Diffed {
    changes: "none" | "some";
    replaces: string[];
    diffs: string[];
    deleteBeforeReplace: boolean;
    detailed: Record<string, number>;
}

export class Harness {
    private constructor(
        private readonly server: grpc.Server,
        private readonly client: provrpc.ResourceProviderClient,
        private readonly stack: string,
    ) {}

    static async start(provider: ProviderDefinition, stack = "urn:pulumi:test::plugins"): Promise<Harness> {
        const { server } = serviceOf(provider, undefined);
        const port = await new Promise<number>((resolve, reject) =>
            server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
                error ? reject(error) : resolve(bound),
            ),
        );
        const harness = new Harness(
            server,
            new provrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure()),
            stack,
        );
        await harness.call<pb.ConfigureResponse>("configure", new pb.ConfigureRequest().setArgs(struct({})));
        return harness;
    }

    stop(): void {
        this.client.close();
        this.server.forceShutdown();
    }

    urn(token: string, name = "it"): string {
        return `${this.stack}::${token}::${name}`;
    }

    private call<T>(method: string, request: unknown): Promise<T> {
        const methods = this.client as unknown as Record<
            string,
            (request: unknown, done: (error: Error | null, response: T) => void) => void
        >;
        return new Promise((resolve, reject) =>
            methods[method]?.call(this.client, request, (error, response) =>
                error ? reject(error) : resolve(response),
            ),
        );
    }

    async check(token: string, news: Json, olds: Json = {}, name = "it"): Promise<Checked> {
        const request = new pb.CheckRequest()
            .setUrn(this.urn(token, name))
            .setNews(struct(news))
            .setOlds(struct(olds))
            .setRandomseed(Buffer.from("0123456789abcdef"));
        const response = await this.call<pb.CheckResponse>("check", request);
        return {
            inputs: json(response.getInputs()),
            failures: response.getFailuresList().map((failure) => failure.toObject()),
        };
    }

    /** Checks inputs that must be right. */
    async checked(token: string, news: Json, olds: Json = {}, name = "it"): Promise<Json> {
        const { inputs, failures } = await this.check(token, news, olds, name);
        if (failures.length > 0) {
            throw new Error(failures.map((failure) => failure.reason).join("\n"));
        }
        return inputs;
    }

    async diff(token: string, oldInputs: Json, news: Json, ignored: string[] = []): Promise<Diffed> {
        const request = new pb.DiffRequest()
            .setUrn(this.urn(token))
            .setId("id")
            .setOlds(struct(oldInputs))
            .setOldInputs(struct(oldInputs));
        const response = await this.call<pb.DiffResponse>(
            "diff",
            request.setNews(struct(news)).setIgnorechangesList(ignored),
        );
        return {
            changes: response.getChanges() === pb.DiffResponse.DiffChanges.DIFF_NONE ? "none" : "some",
            replaces: response.getReplacesList(),
            diffs: response.getDiffsList(),
            deleteBeforeReplace: response.getDeletebeforereplace(),
            detailed: Object.fromEntries(
                response.toObject().detaileddiffMap.map(([path, detail]) => [path, detail.kind]),
            ),
        };
    }

    async create(token: string, inputs: Json, preview = false, name = "it"): Promise<{ id: string; outputs: Json }> {
        const request = new pb.CreateRequest()
            .setUrn(this.urn(token, name))
            .setProperties(struct(inputs))
            .setPreview(preview);
        const response = await this.call<pb.CreateResponse>("create", request);
        return { id: response.getId(), outputs: json(response.getProperties()) };
    }

    async read(
        token: string,
        id: string,
        state: Json = {},
        inputs: Json = {},
    ): Promise<{ id: string; outputs: Json; inputs: Json }> {
        const request = new pb.ReadRequest()
            .setUrn(this.urn(token))
            .setId(id)
            .setProperties(struct(state))
            .setInputs(struct(inputs));
        const response = await this.call<pb.ReadResponse>("read", request);
        return { id: response.getId(), outputs: json(response.getProperties()), inputs: json(response.getInputs()) };
    }

    async update(token: string, id: string, olds: Json, news: Json, preview = false): Promise<Json> {
        const request = new pb.UpdateRequest()
            .setUrn(this.urn(token))
            .setId(id)
            .setOlds(struct(olds))
            .setNews(struct(news))
            .setPreview(preview);
        return json((await this.call<pb.UpdateResponse>("update", request)).getProperties());
    }

    async delete(token: string, id: string, state: Json): Promise<void> {
        await this.call<Empty>(
            "delete",
            new pb.DeleteRequest().setUrn(this.urn(token)).setId(id).setProperties(struct(state)),
        );
    }

    async checkConfig(news: Json): Promise<{ property: string; reason: string }[]> {
        const response = await this.call<pb.CheckResponse>(
            "checkConfig",
            new pb.CheckRequest().setUrn("urn").setNews(struct(news)),
        );
        return response.getFailuresList().map((failure) => failure.toObject());
    }

    async schema(): Promise<Json> {
        return JSON.parse(
            (await this.call<pb.GetSchemaResponse>("getSchema", new pb.GetSchemaRequest())).getSchema(),
        ) as Json;
    }

    async cancel(): Promise<void> {
        await this.call<Empty>("cancel", new Empty());
    }
}

/** The resource inside an error that says it was made but is not right; undefined for any other error. */
export function initFailure(error: unknown): { id: string; reasons: string[]; properties: Json } | undefined {
    const details = (error as { metadata?: grpc.Metadata }).metadata?.get("grpc-status-details-bin")[0];
    if (!Buffer.isBuffer(details)) {
        return undefined;
    }
    const detail = statuspb.Status.deserializeBinary(details)
        .getDetailsList()[0]
        ?.unpack((bytes) => pb.ErrorResourceInitFailed.deserializeBinary(bytes), "pulumirpc.ErrorResourceInitFailed");
    return detail
        ? { id: detail.getId(), reasons: detail.getReasonsList(), properties: json(detail.getProperties()) }
        : undefined;
}

/** The error a promise must end with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
    try {
        await promise;
    } catch (error) {
        return error as Error;
    }
    throw new Error("no error where one was expected");
}
