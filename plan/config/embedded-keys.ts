import { derived, withDefault } from "./definition";
import { API_PORTS, LONGEST_SHARED_POD_PREFIX, MAX_EMBEDDED_WORKERS } from "./limits";
import * as values from "./values";

/** Keys of the substrate `embedded`. With another substrate they must not be set. */
export const embeddedKeys = {
    apiPort: derived(values.integer(1024, 65535), {
        meaning: "Port of the management cluster's API on 127.0.0.1.",
        range: "port, 1024 to 65535",
        unset: `${API_PORTS.first} to ${API_PORTS.first + API_PORTS.count - 1}, by the stack's name`,
        effects: ["restarts the node"],
        onChange: "The objects in the cluster stay as they are.",
    }),
    embeddedWorkers: withDefault(values.integer(0, MAX_EMBEDDED_WORKERS), "0", {
        meaning:
            "Worker nodes of the management cluster, a container each, beside the control plane, which takes pods too.",
        range:
            `nodes, 0 to ${MAX_EMBEDDED_WORKERS}; ` +
            `above 0 with a \`podCidr\` of at least a /${LONGEST_SHARED_POD_PREFIX}`,
        effects: ["in place"],
        onChange: "Converges: adds workers, or drains and removes the last ones. See [nodes.md](nodes.md).",
    }),
} as const;
