/** `pulumirpc.LanguageRuntime` for Node.js programs (sdk/proto/pulumi/language.proto). */
import * as grpc from "@grpc/grpc-js";
import * as languagerpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import * as pluginpb from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { UNLIMITED, unary } from "../shared/serve";
import { VERSIONS } from "../versions";
import { RuntimeOptions, parseOptions } from "./options";
import { RequiredPackage, programDependencies, requiredPackages } from "./packages";
import { end, endAll, start } from "./processes";
import { runArguments, runEnvironment, runResponse, runnerOf, typescriptEnvironment } from "./program";

export function languageHost(engineAddress: string): grpc.Server {
    let engine = engineAddress;

    const methods: Partial<languagerpc.ILanguageRuntimeServer> = {
        handshake: unary((request: pb.LanguageHandshakeRequest) => {
            engine = request.getEngineAddress() === "" ? engine : request.getEngineAddress();
            return new pb.LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => new pluginpb.PluginInfo().setVersion(VERSIONS.nodejs)),
        about: unary(() => new pb.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
        run: unary(async (request: pb.RunRequest, call) => {
            if (request.getAttachDebugger()) {
                throw unsupported(
                    "--attach-debugger is not supported by this language host; " +
                        "use `nodeargs: --inspect` in Pulumi.yaml",
                );
            }
            const options = optionsOf(request.getInfo());
            const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
            const args = runArguments(request, runnerOf(directory, "run"), options, engine);
            const { child, ended } = start(process.execPath, args, {
                env: runEnvironment(request, options),
                // The engine reads what the program prints from the host's own output.
                stdio: ["ignore", "inherit", "inherit"],
            });
            call.on("cancelled", () => end(child));
            return runResponse(await ended);
        }),
        getRequiredPackages: unary(async (request: pb.GetRequiredPackagesRequest) => {
            const packages = await packagesOf(request.getInfo());
            return new pb.GetRequiredPackagesResponse().setPackagesList(packages.map(packageMessage));
        }),
        getRequiredPlugins: unary(async (request: pb.GetRequiredPluginsRequest) => {
            const packages = await packagesOf(request.getInfo());
            return new pb.GetRequiredPluginsResponse().setPluginsList(
                packages.map((found) =>
                    new pluginpb.PluginDependency()
                        .setName(found.name)
                        .setKind("resource")
                        .setVersion(found.version)
                        .setServer(found.server),
                ),
            );
        }),
        getProgramDependencies: unary(async (request: pb.GetProgramDependenciesRequest) => {
            const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
            const dependencies = await programDependencies(directory, request.getTransitivedependencies());
            return new pb.GetProgramDependenciesResponse().setDependenciesList(
                dependencies.map((found) => new pb.DependencyInfo().setName(found.name).setVersion(found.version)),
            );
        }),
        installDependencies: (call) => void streamed(call, async () => installDependencies(call)),
        runPlugin: (call) => void streamed(call, async () => runPlugin(call)),
        runtimeOptionsPrompts: unary(() => new pb.RuntimeOptionsResponse()),
        template: unary(() => new pb.TemplateResponse()),
        cancel: unary(async () => {
            await endAll();
            return new Empty();
        }),
    };

    const server = new grpc.Server(UNLIMITED);
    server.addService(languagerpc.LanguageRuntimeService, methods as grpc.UntypedServiceImplementation);
    return server;
}

function optionsOf(info: pb.ProgramInfo | undefined): RuntimeOptions {
    return parseOptions(info?.getOptions()?.toJavaScript() ?? {});
}

function packagesOf(info: pb.ProgramInfo | undefined): Promise<RequiredPackage[]> {
    const directory = info?.getProgramDirectory() || process.cwd();
    return requiredPackages(directory, info?.getRootDirectory() || directory);
}

function packageMessage(found: RequiredPackage): pluginpb.PackageDependency {
    const message = new pluginpb.PackageDependency()
        .setName(found.name)
        .setKind("resource")
        .setVersion(found.version)
        .setServer(found.server);
    if (found.parameterization !== undefined) {
        const { name, version, value } = found.parameterization;
        message.setParameterization(
            new pluginpb.PackageParameterization().setName(name).setVersion(version).setValue(value),
        );
    }
    return message;
}

function unsupported(details: string): Error {
    return Object.assign(new Error(details), { code: grpc.status.UNIMPLEMENTED, details });
}

async function streamed<Q, S>(call: grpc.ServerWritableStream<Q, S>, handle: () => Promise<void>): Promise<void> {
    try {
        await handle();
        call.end();
    } catch (error) {
        call.emit("error", {
            code: grpc.status.UNKNOWN,
            details: error instanceof Error ? error.message : String(error),
        });
    }
}

async function installDependencies(
    call: grpc.ServerWritableStream<pb.InstallDependenciesRequest, pb.InstallDependenciesResponse>,
): Promise<void> {
    const manager = optionsOf(call.request.getInfo()).packageManager;
    const quiet = manager === "npm" ? ["--loglevel=error"] : [];
    const { child, ended } = start(manager, ["install", ...quiet], {
        cwd: call.request.getDirectory(),
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout?.on("data", (chunk: Buffer) => call.write(new pb.InstallDependenciesResponse().setStdout(chunk)));
    child.stderr?.on("data", (chunk: Buffer) => call.write(new pb.InstallDependenciesResponse().setStderr(chunk)));
    call.on("cancelled", () => end(child));
    const ending = await ended;
    if (ending.code !== 0) {
        const how = ending.signal ?? `exit status ${ending.code}`;
        throw new Error(`${manager} install in ${call.request.getDirectory()} ended with ${how}`);
    }
}

/** Runs a plugin written in TypeScript or JavaScript from its folder (PulumiPlugin.yaml with `runtime: nodejs`). */
async function runPlugin(call: grpc.ServerWritableStream<pb.RunPluginRequest, pb.RunPluginResponse>): Promise<void> {
    const request = call.request;
    const options = optionsOf(request.getInfo());
    const directory = request.getInfo()?.getProgramDirectory() || request.getProgram();
    const args = [...options.nodeArguments, runnerOf(directory, "run-plugin"), directory, ...request.getArgsList()];
    const inherited = Object.fromEntries(
        request.getEnvList().map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    const { child, ended } = start(process.execPath, args, {
        cwd: request.getPwd(),
        env: { ...inherited, ...typescriptEnvironment(options) },
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout?.on("data", (chunk: Buffer) => call.write(new pb.RunPluginResponse().setStdout(chunk)));
    child.stderr?.on("data", (chunk: Buffer) => call.write(new pb.RunPluginResponse().setStderr(chunk)));
    call.on("cancelled", () => end(child));
    const ending = await ended;
    call.write(new pb.RunPluginResponse().setExitcode(ending.code ?? 1));
}
