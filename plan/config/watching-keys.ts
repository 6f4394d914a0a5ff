import { derived, withDefault } from "./definition";
import { WAIT_SECONDS } from "./limits";
import * as values from "./values";

/** Keys of what looks at a lab: its Prometheus, and the wait at the end of `up`. */
export const watchingKeys = {
    observability: withDefault(values.flag, "false", {
        meaning:
            "Whether the lab has a Prometheus that asks all its parts for their metrics, with rules and alerts of " +
            "the lab's ([metrics.md](metrics.md)).",
        range: "`true`, `false`",
        effects: ["in place"],
        onChange: "Converges: adds Prometheus with what it needs, or removes it and what it has gathered.",
    }),
    wait: withDefault(values.choice(["none", "hosts", "clusters"] as const), "clusters", {
        meaning: "What the end of `up` waits for.",
        range: "`none`, `hosts`, `clusters`",
        effects: ["in place"],
        onChange: "Holds from the next `up` on.",
    }),
    waitTimeout: derived(values.integer(1, 86_400), {
        meaning: "How long the end of `up` waits.",
        range: "seconds, 1 to 86400",
        unset: `${WAIT_SECONDS.least} + ${WAIT_SECONDS.each} per host + ${WAIT_SECONDS.each} per cluster`,
        effects: ["in place"],
        onChange: "Holds from the next `up` on.",
    }),
} as const;
