import { AgentError } from "./errors.js";
import type { Inventory } from "./inventory.js";
import { rootDevice } from "./root-device.js";

/** The three processes in which Ironic has an agent execute steps; commands and result keys are named after them. */
export type StepKind = "clean" | "deploy" | "service";

export interface Step {
    step?: unknown;
    interface?: unknown;
    priority?: unknown;
    args?: unknown;
    [key: string]: unknown;
}

/** The version of ironic-python-agent's generic hardware manager. Ironic sends it back with each step. */
const HARDWARE_MANAGER_VERSION = { generic_hardware_manager: "1.2" };

const step = (name: string, priority: number, on: "deploy" | "raid" = "deploy"): Step => ({
    step: name,
    priority,
    interface: on,
    reboot_requested: false,
    abortable: true,
});

/**
 * The steps of ironic-python-agent's generic hardware manager, with their priorities. Automated cleaning runs those
 * above 0. Ironic's `[deploy]erase_devices_priority` and `erase_devices_metadata_priority` override two of them. Steps
 * with arguments are offered without `argsinfo`, which would describe these.
 */
const STEPS: Record<StepKind, readonly Step[]> = {
    clean: [
        step("erase_devices", 10),
        step("erase_devices_metadata", 99),
        step("erase_devices_express", 0),
        step("erase_pstore", 0),
        step("clean_uefi_nvram", 0),
        step("delete_configuration", 0, "raid"),
        step("create_configuration", 0, "raid"),
        step("burnin_cpu", 0),
        step("burnin_gpu", 0),
        step("burnin_disk", 0),
        step("burnin_memory", 0),
        step("burnin_network", 0),
    ],
    deploy: [
        step("write_image", 0),
        step("erase_devices_metadata", 0),
        step("apply_configuration", 0, "raid"),
        step("clean_uefi_nvram", 0),
        step("inject_files", 0),
        step("execute_bootc_install", 0),
    ],
    service: [
        step("write_image", 0),
        step("inject_files", 0),
        step("execute_bootc_install", 0),
        step("delete_configuration", 0, "raid"),
        step("apply_configuration", 0, "raid"),
        step("create_configuration", 0, "raid"),
        step("burnin_cpu", 0),
        step("burnin_gpu", 0),
        step("burnin_memory", 0),
        step("burnin_network", 0),
    ],
};

const FAILURES: Record<StepKind, [type: string, summary: string]> = {
    clean: ["CleaningError", "Clean step failed"],
    deploy: ["DeploymentError", "Deploy step failed"],
    service: ["ServicingError", "Service step failed"],
};

/** Longest string of a step's arguments that its result repeats, in characters. */
const LONG = 4096;

/**
 * The step for the result, without the config drive. Ironic compares only `interface` and `step` (conductor/steps.py,
 * is_equivalent), and with the drive it would receive all of it in every list of commands.
 */
function lightened(value: unknown): unknown {
    if (typeof value === "string") {
        return value.length > LONG ? `(${value.length} characters left out)` : value;
    }
    if (Array.isArray(value)) {
        return value.map(lightened);
    }
    if (value === null || typeof value !== "object") {
        return value;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lightened(item)]));
}

/** The results of the steps. Steps that are not named here have the result null. */
function resultOf(
    kind: StepKind,
    name: string,
    args: Record<string, unknown>,
    node: Record<string, unknown>,
    disks: Inventory["disks"],
): unknown {
    if (name === "write_image" || name === "execute_bootc_install") {
        const image = args["image_info"] as { id?: unknown } | undefined;
        if (name === "write_image" && (image === null || typeof image !== "object")) {
            const [type, summary] = FAILURES[kind];
            throw new AgentError(
                type,
                500,
                summary,
                `Unexpected exception performing ${kind} step write_image. TypeError: image_info is missing`,
            );
        }
        const device = rootDevice(disks, node);
        if (typeof device === "string") {
            const [type, summary] = FAILURES[kind];
            const reason =
                `Unexpected exception performing ${kind} step ${name}. DeviceNotFound: ` +
                `Error finding the disk or partition device to deploy the image onto: ${device}`;
            throw new AgentError(type, 500, summary, reason);
        }
        return `image (${String(image?.id ?? args["image_source"])}) written to device ${device.name}`;
    }
    // Ironic's agent RAID interface stores the results of the next two as the node's raid_config.
    if (name === "create_configuration") {
        return node["target_raid_config"] ?? {};
    }
    if (name === "apply_configuration") {
        return args["raid_config"] ?? {};
    }
    return null;
}

/**
 * Carries out a step and returns the command's result.
 *
 * @param disks those of the host
 * @throws AgentError as ironic-python-agent does: unknown step, missing arguments, or another version of the hardware
 *     managers
 */
export function executeStep(
    kind: StepKind,
    params: Record<string, unknown>,
    disks: Inventory["disks"],
): Record<string, unknown> {
    const wanted = params[`${kind}_version`];
    if (
        wanted !== undefined &&
        wanted !== null &&
        JSON.stringify(wanted) !== JSON.stringify(HARDWARE_MANAGER_VERSION)
    ) {
        throw new AgentError(
            "VersionMismatch",
            500,
            "Hardware managers version mismatch, reload agent with correct version",
            `Current versions: ${JSON.stringify(HARDWARE_MANAGER_VERSION)}, ` +
                `versions used by ironic: ${JSON.stringify(wanted)}`,
        );
    }
    const asked = params["step"] as Step | null | undefined;
    const [type, summary] = FAILURES[kind];
    if (asked === null || typeof asked !== "object" || typeof asked.step !== "string") {
        throw new AgentError(type, 500, summary, `Malformed ${kind}_step, no "step" key: ${JSON.stringify(asked)}`);
    }
    const name = asked.step;
    if (!STEPS[kind].some((known) => known.step === name)) {
        throw new AgentError(
            "HardwareManagerMethodNotFound",
            500,
            "No HardwareManager found to handle method",
            `Could not find method: ${name}`,
        );
    }
    const result = resultOf(
        kind,
        name,
        (asked.args ?? {}) as Record<string, unknown>,
        (params["node"] ?? {}) as Record<string, unknown>,
        disks,
    );
    return { [`${kind}_result`]: result, [`${kind}_step`]: lightened(asked) };
}

/** The answer to `<kind>.get_<kind>_steps`. */
export function listSteps(kind: StepKind): Record<string, unknown> {
    return {
        [`${kind}_steps`]: { GenericHardwareManager: STEPS[kind] },
        hardware_manager_version: HARDWARE_MANAGER_VERSION,
    };
}
