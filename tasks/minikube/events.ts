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
            return { error: { id: data["id"] ?? data["name"] ?? "", message, advice: (data["advice"] ?? "").trim() } };
        default:
            return undefined;
    }
}

/** The configuration key that most likely mends an error, by the beginning of minikube's name for it. */
const KEYS: [idPrefix: string, key: string][] = [
    ["RSRC_INSUFFICIENT_CORES", "minikubeCpus"],
    ["RSRC_INSUFFICIENT", "minikubeMemory"],
    ["PROVIDER_KVM2", "minikubeDriver"],
    ["PR_KVM", "libvirtUri"],
    ["DRV_", "minikubeDriver"],
    ["IF_", "provisioningCidr"],
];

/** The message for a person: the key that most likely helps, what minikube said, and what it advises. */
export function errorMessage(errors: readonly MinikubeError[], tail: string): string {
    if (errors.length === 0) {
        return `minikube start failed: ${tail}`;
    }
    return errors
        .map(({ id, message, advice }) => {
            const key = KEYS.find(([prefix]) => id.startsWith(prefix))?.[1];
            return [`minikube start failed${key ? ` (see the key ${key})` : ""}: ${message}`, id, advice]
                .filter(Boolean)
                .join("; ");
        })
        .join("\n");
}
