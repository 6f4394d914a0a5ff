/** Serves a {@link ProviderDefinition} as `pulumirpc.ResourceProvider` (sdk/proto/pulumi/provider.proto). */
import * as grpc from "@grpc/grpc-js";
import * as pluginpb from "@pulumi/pulumi/proto/plugin_pb";
import * as provrpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Context, ProviderDefinition, ResourceDefinition } from "./definition";
import { Engine } from "./engine";
import { initFailed } from "./initFailed";
import { checkInputs, detailedDiff, outputsOf, previewOfCreate, previewOfUpdate, secretOutputs } from "./operations";
import { checkProperties, withoutNotes } from "./property";
import { schemaOf } from "./schema";
import { UNLIMITED, serve, unary } from "./serve";
import { Properties, conceal, fromStruct, revealProperties, secretKeys, toStruct } from "./values";

/** Members of a provider's configuration that the engine adds for itself. */
const ENGINE_CONFIG = new Set(["version", "pluginDownloadURL", "parameterization"]);

/** The gRPC methods of a provider, apart from {@link main} so that tests can serve them in their own process. */
export function serviceOf(
    provider: ProviderDefinition,
    engineAddress: string | undefined,
): { server: grpc.Server; cancel: () => void } {
    let engine = new Engine(engineAddress);
    const cancelled = new AbortController();

    const contextOf = (urn: string, timeout: number): Context => ({
        urn,
        name: urn.slice(urn.lastIndexOf("::") + 2),
        signal: cancelled.signal,
        timeout,
        log: (severity, message) => engine.log(severity, message, urn),
        progress: (message) => engine.log("info", message, urn, true),
    });
    const resourceOf = (urn: string): ResourceDefinition => {
        const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
        const found = provider.resources.find((resource) => resource.token === token);
        if (found === undefined) {
            throw new Error(
                `${token} is not served by this replacement for the ${provider.name} plugin; ` +
                    `it serves ${provider.resources.map((resource) => resource.token).join(", ")}`,
            );
        }
        return found;
    };
    const finish = async <T>(operation: Promise<T>): Promise<T> => {
        try {
            return await operation;
        } finally {
            await engine.flush();
        }
    };

    const methods: Partial<provrpc.IResourceProviderServer> = {
        handshake: unary((request: pb.ProviderHandshakeRequest) => {
            if (request.getEngineAddress() !== "") {
                engine = new Engine(request.getEngineAddress());
            }
            return new pb.ProviderHandshakeResponse().setAcceptSecrets(true).setSupportsAutonamingConfiguration(true);
        }),
        attach: unary((request: pluginpb.PluginAttach) => {
            engine = new Engine(request.getAddress());
            return new Empty();
        }),
        getPluginInfo: unary(() => new pluginpb.PluginInfo().setVersion(provider.version)),
        getSchema: unary((request: pb.GetSchemaRequest) => {
            if (request.getVersion() !== 0) {
                throw new Error(`schema version ${request.getVersion()} is unknown; 0 is`);
            }
            return new pb.GetSchemaResponse().setSchema(schemaOf(provider));
        }),
        checkConfig: unary((request: pb.CheckRequest) => {
            const news = fromStruct(request.getNews());
            const failures = checkConfig(provider, revealProperties(news));
            const response = new pb.CheckResponse().setInputs(toStruct(news));
            response.setFailuresList(failures.map((failure) => failureMessage(failure.property, failure.reason)));
            return response;
        }),
        diffConfig: unary((request: pb.DiffRequest) => {
            const olds = revealProperties(fromStruct(request.getOldInputs() ?? request.getOlds()));
            return detailedDiff(
                provider.config,
                olds,
                revealProperties(fromStruct(request.getNews())),
                request.getIgnorechangesList(),
            );
        }),
        configure: unary((request: pb.ConfigureRequest) => {
            const config = revealProperties(fromStruct(request.getArgs()));
            const failures = checkConfig(provider, config);
            if (failures.length > 0) {
                throw new Error(failures.map((failure) => failure.reason).join("\n"));
            }
            provider.configure?.(config);
            return new pb.ConfigureResponse()
                .setAcceptsecrets(true)
                .setSupportspreview(true)
                .setSupportsAutonamingConfiguration(true);
        }),
        check: unary((request: pb.CheckRequest) =>
            checkInputs(resourceOf(request.getUrn()), request, provider.fillsDefaults),
        ),
        diff: unary((request: pb.DiffRequest) => {
            const resource = resourceOf(request.getUrn());
            const olds = revealProperties(fromStruct(request.getOldInputs() ?? request.getOlds()));
            return detailedDiff(
                resource.inputs,
                olds,
                revealProperties(fromStruct(request.getNews())),
                request.getIgnorechangesList(),
            );
        }),
        create: unary(async (request: pb.CreateRequest) => {
            const resource = resourceOf(request.getUrn());
            const wire = fromStruct(request.getProperties());
            const inputs = withoutNotes(revealProperties(wire));
            const secrets = secretOutputs(resource, secretKeys(wire));
            if (request.getPreview()) {
                return new pb.CreateResponse().setProperties(
                    toStruct(conceal(previewOfCreate(resource, inputs), secrets)),
                );
            }
            const context = contextOf(request.getUrn(), request.getTimeout());
            const created = await finish(
                resource
                    .create(inputs, context)
                    .catch((error: unknown) => initFailed(error, wire, resource, inputs, secrets)),
            );
            return new pb.CreateResponse()
                .setId(created.id)
                .setProperties(toStruct(conceal(outputsOf(resource, inputs, created.outputs), secrets)));
        }),
        read: unary(async (request: pb.ReadRequest) => {
            const resource = resourceOf(request.getUrn());
            const wireState = fromStruct(request.getProperties());
            const wireInputs = fromStruct(request.getInputs());
            if (Object.keys(wireInputs).length === 0 && Object.keys(wireState).length === 0) {
                throw new Error(
                    `${resource.token} cannot be imported with this replacement plugin, but with the official plugin`,
                );
            }
            const state = withoutNotes(revealProperties(wireState));
            const given = revealProperties(wireInputs);
            // Older versions of this plugin noted defaults for every provider: a refresh takes the note out where it
            // does not belong.
            const inputs = provider.fillsDefaults ? given : withoutNotes(given);
            const found = await finish(
                resource.read(request.getId(), state, inputs, contextOf(request.getUrn(), request.getTimeout())),
            );
            const response = new pb.ReadResponse();
            if (found === undefined) {
                return response;
            }
            const secrets = secretOutputs(resource, secretKeys(wireInputs, wireState));
            const outputs = outputsOf(resource, found.inputs, found.outputs);
            response
                .setId(found.id)
                .setInputs(toStruct(conceal(found.inputs, secrets)))
                .setProperties(toStruct(conceal(outputs, secrets)));
            return response;
        }),
        update: unary(async (request: pb.UpdateRequest) => {
            const resource = resourceOf(request.getUrn());
            const wireOlds = fromStruct(request.getOlds());
            const wire = fromStruct(request.getNews());
            const olds = withoutNotes(revealProperties(wireOlds));
            const news = withoutNotes(revealProperties(wire));
            const secrets = secretOutputs(resource, secretKeys(wire));
            if (resource.update === undefined) {
                throw new Error(`${resource.token} cannot be updated in place`);
            }
            if (request.getPreview()) {
                return new pb.UpdateResponse().setProperties(
                    toStruct(conceal(previewOfUpdate(resource, olds, news), secrets)),
                );
            }
            const context = contextOf(request.getUrn(), request.getTimeout());
            const outputs = await finish(
                resource
                    .update(request.getId(), olds, news, context)
                    .catch(async (error: unknown) => (await initFailed(error, wire, resource, news, secrets)).outputs),
            );
            return new pb.UpdateResponse().setProperties(
                toStruct(conceal(outputsOf(resource, news, outputs), secrets)),
            );
        }),
        delete: unary(async (request: pb.DeleteRequest) => {
            const state = withoutNotes(revealProperties(fromStruct(request.getProperties())));
            await finish(
                resourceOf(request.getUrn()).delete(
                    request.getId(),
                    state,
                    contextOf(request.getUrn(), request.getTimeout()),
                ),
            );
            return new Empty();
        }),
        cancel: unary(() => {
            cancelled.abort(new Error("cancelled"));
            return new Empty();
        }),
    };

    const server = new grpc.Server(UNLIMITED);
    server.addService(provrpc.ResourceProviderService, methods as grpc.UntypedServiceImplementation);
    return { server, cancel: () => cancelled.abort(new Error("cancelled")) };
}

function checkConfig(provider: ProviderDefinition, config: Properties): { property: string; reason: string }[] {
    const own = Object.fromEntries(
        Object.entries(config).filter(([key]) => !ENGINE_CONFIG.has(key) && !key.startsWith("__")),
    );
    return checkProperties(own, {
        properties: provider.config,
        notServed: provider.configNotServed,
        owner: `the ${provider.name} provider's configuration`,
        fillDefaults: false,
    }).failures;
}

function failureMessage(property: string, reason: string): pb.CheckFailure {
    return new pb.CheckFailure().setProperty(property).setReason(reason);
}

/**
 * The main function of a plugin: serves until the engine ends it. Operations in progress are then cancelled and waited
 * for.
 */
export async function main(
    provider: ProviderDefinition,
    ended: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
    // The engine passes its address first; flags (--logtostderr, --tracing, -v=9) may come with it.
    const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
    const { server, cancel } = serviceOf(provider, address);
    await serve(server, async () => {
        cancel();
        await ended();
    });
}
