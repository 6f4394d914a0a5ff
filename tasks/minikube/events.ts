/** An error that minikube has told. */
export interface MinikubeError {
    /** minikube's name for it, such as `PROVIDER_KVM2_ERROR`; "" when it gave none. */
    id: string;
    message: string;
    advice: string;
}

/** What a line of `minikube start --output=json` says (minikube, pkg/minikube/out/register: CloudEvents). */
export type MinikubeEvent = { step: string } | { warning: string } | { error: MinikubeError } | undefined;

const PREFIX = "io.k8s.sigs.minikube.";

/** Reads one line. Undefined for lines that a person need not see, such as the progress of a download. */
export function parseEvent(line: string): MinikubeEvent {
    let event: { type?: unknown; data?: Record<string, string | undefined> };
    try {
        event = JSON.parse(line) as typeof event;
    } catch {
        return undefined;
    }
    const { type, data = {} } = event;
    const message = (data["message"] ?? "").trim();
    switch (type) {
        case `${PREFIX}step`:
            return { step: `${data["currentstep"]}/${data["totalsteps"]} ${message}` };
        case `${PREFIX}warning`:
            return { warning: message };
        case `${PREFIX}error`:
            // Errors without an exit code are told while minikube goes on.
            return data["exitcode"] === undefined
                ? { warning: message }
                : { error: { id: data["name"] ?? data["id"] ?? "", message, advice: filled(data["advice"]) } };
        default:
            return undefined;
    }
}

/** The advice, unless minikube has left a gap of its template open. */
const filled = (advice = ""): string => (advice.includes("{{") ? "" : advice.trim());

/** The configuration key that most likely mends an error, by the beginning of minikube's name for it. */
const KEYS: [idPrefix: string, key: string][] = [
    ["RSRC_INSUFFICIENT_CORES", "minikubeCpus"],
    ["RSRC_INSUFFICIENT", "minikubeMemory"],
    ["PROVIDER_KVM2", "minikubeDriver"],
    ["PR_KVM", "libvirtUri"],
    ["DRV_", "minikubeDriver"],
    ["IF_", "provisioningCidr"],
];

/**
 * The message for a person: the key that most likely helps, what minikube said, and what it advises.
 * @param errors in the order in which minikube told them: the last one has ended it
 * @param tail the end of its output, for a failure without any error
 */
export function errorMessage(errors: readonly MinikubeError[], tail: string): string {
    const error = errors.at(-1);
    if (error === undefined) {
        return `minikube start failed: ${tail}`;
    }
    const { id, message, advice } = error;
    const key = KEYS.find(([prefix]) => id.startsWith(prefix))?.[1];
    const name = id === "" ? "" : ` (${id})`;
    const hints = [key && `see the key ${key}`, advice].filter(Boolean).join("; ");
    return `minikube start failed: ${message}${name}${hints && `. ${hints}`}`;
}
