import { readFile } from "node:fs/promises";
import { errorText } from "../../lib/error-text";
import { socketError, socketOf } from "../../lib/libvirt-socket";
import type { LibvirtNetworkPlan } from "../../plan/libvirt-network";
import type { Problem } from "../../plan/problem";
import { look } from "../../toolchain/run";
import { virsh } from "../../toolchain/virsh";
import { libvirtProblems, parseNetworkXml, parseRoutes, type LibvirtFacts, type LibvirtFailure } from "./libvirt-facts";

/** Longest wait for libvirt, seconds. A daemon that is started by its socket took less than a second. */
const LIMIT_S = 15;

/** Looks at libvirt and at the machine's routes, and says what stands in the way of the network. Changes nothing. */
export async function lookAtLibvirt(uri: string, wanted: LibvirtNetworkPlan): Promise<Problem[]> {
    return libvirtProblems(uri, wanted, await libvirtFacts(uri));
}

/** What {@link libvirtProblems} needs to know. */
export async function libvirtFacts(uri: string): Promise<LibvirtFacts> {
    const routes = parseRoutes(await readFile("/proc/net/route", "utf8"));
    const missingCommands = await commandsMissing();
    const socket = socketOf(uri);
    const failure = socket === undefined ? undefined : await socketFailure(socket);
    if (failure !== undefined || missingCommands.includes("virsh")) {
        return { ...(failure === undefined ? {} : { failure }), missingCommands, networks: [], routes };
    }
    try {
        const list = async (...which: string[]): Promise<string[]> =>
            (await virsh(uri, ["net-list", ...which, "--uuid"], LIMIT_S))
                .split("\n")
                .filter((line) => line.trim() !== "");
        const active = new Set(await list());
        const uuids = await list("--all");
        const texts = await Promise.all(uuids.map((uuid) => virsh(uri, ["net-dumpxml", uuid], LIMIT_S)));
        const networks = texts.map((text) => parseNetworkXml(text));
        return {
            missingCommands,
            networks: networks.map((network) => ({ ...network, active: active.has(network.uuid) })),
            routes,
        };
    } catch (error) {
        return { failure: failureOf(errorText(error)), missingCommands, networks: [], routes };
    }
}

/** Why the socket cannot be used. Undefined when it can. */
async function socketFailure(path: string): Promise<LibvirtFailure | undefined> {
    const error = await socketError(path);
    if (error === undefined) {
        return undefined;
    }
    const reason = error.code === "EACCES" || error.code === "EPERM" ? "no-rights" : "no-answer";
    return { reason, text: error.message };
}

/**
 * What an error of virsh means. Where libvirt asks polkit who may use it, everybody may open its socket, and those
 * without rights are refused afterwards.
 */
export function failureOf(text: string): LibvirtFailure {
    return {
        reason: /authenticat|polkit|access denied|permission denied/i.test(text) ? "no-rights" : "no-answer",
        text,
    };
}

/** The commands that the substrate calls and that are not on PATH. */
async function commandsMissing(): Promise<string[]> {
    const commands = ["virsh", "xsltproc"];
    const versions = await Promise.all(commands.map((command) => look(command, ["--version"])));
    return commands.filter((_, index) => versions[index] === undefined);
}
