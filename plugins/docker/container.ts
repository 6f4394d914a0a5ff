/** `docker:index/container:Container`. */
import type Docker from "dockerode";
import { Context, InitFailedError, ResourceDefinition } from "../shared/definition";
import { Failure } from "../shared/property";
import { Properties, UNKNOWN, equal, isProperties } from "../shared/values";
import { docker, inspected, isNotFound, reason } from "./client";
import { containerError } from "./conflicts";
import { UPDATABLE, createOptions, endpoint, updateOptions } from "./containerConfig";
import { inputsOf, outputsOf } from "./containerState";
import { CONTAINER_INPUTS, CONTAINER_NOT_SERVED, CONTAINER_OUTPUTS } from "./containerTable";
import { waitHealthy } from "./health";
import { ensureImage } from "./image";
import { isContainerOf, ownerLabels, takenError } from "./ownership";
import { retryWhile } from "./retry";
import { archiveOf } from "./uploads";

/** Seconds that Docker may take to remove a container that has stopped. */
const REMOVE_SECONDS = 60;

const list = (inputs: Properties, name: string): Properties[] =>
    Array.isArray(inputs[name]) ? (inputs[name] as Properties[]) : [];

export const container: ResourceDefinition = {
    token: "docker:index/container:Container",
    description: "A Docker container.",
    autoname: "name",
    inputs: CONTAINER_INPUTS,
    outputs: CONTAINER_OUTPUTS,
    notServed: CONTAINER_NOT_SERVED,
    preview: (inputs) =>
        Array.isArray(inputs["ports"])
            ? { ports: list(inputs, "ports").map((port) => ({ ...port, external: port["external"] ?? UNKNOWN })) }
            : {},
    check: (inputs) => [...missing(inputs, "uploads", "content"), ...missing(inputs, "volumes", "containerPath")],
    async create(inputs, context) {
        const client = await docker();
        const name = inputs["name"] as string;
        await ensureImage(client, inputs["image"] as string, context);
        await removeLeftOver(client, name, context);
        const made = await make(client, name, inputs, context);
        try {
            await prepare(client, made, name, inputs);
            if (inputs["start"] !== false) {
                await start(client, made, name, inputs);
            }
        } catch (error) {
            // The state will not know this container, so nothing of it must stay.
            await made.remove({ force: true, v: true });
            throw error;
        }
        await healthy(made, name, inputs, context);
        return { id: made.id, outputs: outputsOf(await made.inspect(), inputs) };
    },
    async read(id, state, inputs, context) {
        const info = await inspected((await docker()).getContainer(id).inspect());
        if (info === undefined) {
            return undefined;
        }
        if (!info.State.Running && inputs["mustRun"] !== false && inputs["start"] !== false) {
            const end = `it ended at ${info.State.FinishedAt} with exit code ${info.State.ExitCode}`;
            context.log("warning", `container ${info.Name.slice(1)} does not run: ${end}`);
        }
        const found = inputsOf(info, inputs);
        const outputs = outputsOf(info, found);
        // A stopped container has no address. The state keeps its last one, so that nothing that depends on it changes
        // before it runs again.
        const kept: Properties =
            !info.State.Running && state["networkDatas"] !== undefined ? { networkDatas: state["networkDatas"] } : {};
        return { id: info.Id, inputs: found, outputs: { ...outputs, ...kept } };
    },
    async update(id, olds, news, context) {
        const client = await docker();
        const existing = client.getContainer(id);
        const name = news["name"] as string;
        const info = await inspected(existing.inspect());
        if (info === undefined) {
            throw new Error(`container ${name} is gone: run \`pulumi refresh\`, then \`pulumi up\` makes it again`);
        }
        if (UPDATABLE.some((property) => !equal(olds[property], news[property]))) {
            try {
                await existing.update(updateOptions(news));
            } catch (error) {
                throw new Error(`cannot update container ${name}: ${reason(error)}`, { cause: error });
            }
        }
        if (news["mustRun"] === true && news["start"] !== false) {
            await makeRun(client, existing, info, name, news, context);
        }
        return outputsOf(await existing.inspect(), news);
    },
    async delete(id, state, context) {
        const client = await docker();
        const existing = client.getContainer(id);
        await gone(async () => existing.stop({ t: (state["destroyGraceSeconds"] as number | undefined) ?? 0 }));
        const name = (state["name"] as string | undefined) ?? id;
        await retryWhile(
            async () => {
                await gone(async () => existing.remove({ force: true, v: state["removeVolumes"] !== false }));
                if ((await inspected(existing.inspect())) !== undefined) {
                    throw new Error("removal of the container is still in progress");
                }
            },
            (error) => /in progress/i.test(reason(error)),
            REMOVE_SECONDS,
            context.signal,
            (error) => `cannot remove container ${name}: ${reason(error)}`,
        );
    },
};

/** Members that the official type leaves optional for the sake of others, which are not served here. */
function missing(inputs: Properties, property: string, member: string): Failure[] {
    return list(inputs, property).flatMap((item, index) =>
        isProperties(item) && item[member] === undefined
            ? [{ property: `${property}[${index}]`, reason: `${property}[${index}].${member} is required` }]
            : [],
    );
}

/**
 * Removes a container of that name that an interrupted update of this very resource has left.
 * @throws Error where it is another's
 */
async function removeLeftOver(client: Docker, name: string, context: Context): Promise<void> {
    const info = await inspected(client.getContainer(name).inspect());
    if (info === undefined || info.Name !== `/${name}`) {
        return;
    }
    if (!isContainerOf(context.urn, info.Config.Labels)) {
        const details = `${info.State.Status}, of ${info.Config.Image}, made ${info.Created}`;
        throw takenError("container", name, info.Config.Labels, details);
    }
    context.log("info", `removing container ${name}, which an interrupted update of this resource has left`);
    await client.getContainer(info.Id).remove({ force: true, v: true });
}

async function make(client: Docker, name: string, inputs: Properties, context: Context): Promise<Docker.Container> {
    try {
        return await client.createContainer(createOptions(inputs, ownerLabels(context.urn)));
    } catch (error) {
        throw await containerError(client, `cannot make container ${name}`, error, inputs);
    }
}

/** Connects networks and puts files in, between create and start: the first process finds both. */
async function prepare(client: Docker, made: Docker.Container, name: string, inputs: Properties): Promise<void> {
    const networks = list(inputs, "networksAdvanced");
    if (networks.length > 0) {
        await client
            .getNetwork("bridge")
            .disconnect({ Container: made.id })
            .catch((error: unknown) => {
                if (!/is not connected/i.test(reason(error))) {
                    throw new Error(`cannot disconnect container ${name} from the default network: ${reason(error)}`, {
                        cause: error,
                    });
                }
            });
    }
    for (const network of networks) {
        try {
            await client
                .getNetwork(network["name"] as string)
                .connect({ Container: made.id, EndpointConfig: endpoint(network) });
        } catch (error) {
            throw await containerError(
                client,
                `cannot connect container ${name} to network ${network["name"] as string}`,
                error,
                inputs,
            );
        }
    }
    const uploads = list(inputs, "uploads");
    if (uploads.length > 0) {
        try {
            await made.putArchive(archiveOf(uploads), { path: "/" });
        } catch (error) {
            throw new Error(`cannot put files into container ${name}: ${reason(error)}`, { cause: error });
        }
    }
}

async function start(client: Docker, made: Docker.Container, name: string, inputs: Properties): Promise<void> {
    try {
        await made.start();
    } catch (error) {
        throw await containerError(client, `cannot start container ${name}`, error, inputs);
    }
}

/**
 * Waits for health where the program asks for it. A container that does not become healthy stays for inspection, and in
 * the state: `destroy` finds it, and the next `up` restarts it.
 */
async function healthy(made: Docker.Container, name: string, inputs: Properties, context: Context): Promise<void> {
    if (inputs["wait"] !== true || inputs["start"] === false) {
        return;
    }
    const wanted = inputs["waitTimeout"] as number;
    const custom = context.timeout > 0 && context.timeout < wanted;
    try {
        await waitHealthy(
            made,
            name,
            custom ? context.timeout : wanted,
            custom ? "customTimeouts" : "waitTimeout",
            context,
        );
    } catch (error) {
        const info = await inspected(made.inspect());
        if (info === undefined) {
            throw error;
        }
        throw new InitFailedError({ id: made.id, outputs: outputsOf(info, inputs) }, (error as Error).message);
    }
}

/** Starts a stopped container, and restarts an unhealthy one where the program waits for health. */
async function makeRun(
    client: Docker,
    existing: Docker.Container,
    info: Docker.ContainerInspectInfo,
    name: string,
    inputs: Properties,
    context: Context,
): Promise<void> {
    if (!info.State.Running) {
        context.log("info", `starting container ${name}, which had ended with exit code ${info.State.ExitCode}`);
        await start(client, existing, name, inputs);
    } else if (inputs["wait"] === true && info.State.Health?.Status === "unhealthy") {
        context.log("info", `restarting container ${name}, which is unhealthy`);
        await existing.restart();
    }
    await healthy(existing, name, inputs, context);
}

/** Stops or removes a container. One that is stopped, going or gone already is as wanted, and no error. */
async function gone(operation: () => Promise<unknown>): Promise<void> {
    try {
        await operation();
    } catch (error) {
        const alreadyStopped = (error as { statusCode?: number }).statusCode === 304;
        if (!isNotFound(error) && !alreadyStopped && !/already in progress/i.test(reason(error))) {
            throw error;
        }
    }
}
