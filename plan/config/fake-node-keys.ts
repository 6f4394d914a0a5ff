import { derived, withDefault } from "./definition";
import { MAX_FAKE_SECONDS } from "./limits";
import * as values from "./values";

/** Keys of the fake machines: where they run, and how long they take. */
export const fakeNodeKeys = {
    fakeNodes: derived(values.choice(["docker", "kubernetes"] as const), {
        meaning:
            "Where the pairs of sushy-tools and fake-ipa run. `docker`: in containers on this machine, on the " +
            "provisioning network. `kubernetes`: in pods of the cluster, behind Services, as do the conductors then.",
        range: "`docker`, `kubernetes`",
        unset: "`docker`; `kubernetes` with the substrate `existing`",
        effects: ["another lab"],
        onChange: "Refused: each host would get another BMC address, which BMO does not take.",
    }),
    fakeBootSeconds: withDefault(values.secondsRange, "1-2", {
        meaning: "Time that a fake host takes to boot: `N`, or `MIN-MAX` for a value drawn each time.",
        range: `seconds, 0 to ${MAX_FAKE_SECONDS}`,
        effects: ["restarts the pairs"],
        onChange: "Replaces the containers of the pairs; they keep their state.",
    }),
    fakePowerSeconds: withDefault(values.secondsRange, "0", {
        meaning:
            "Time until the power of a fake host is as its BMC was told: `N`, or `MIN-MAX`. sushy-tools' own is 1-11.",
        range: `seconds, 0 to ${MAX_FAKE_SECONDS}`,
        effects: ["restarts the pairs"],
        onChange: "Replaces the containers of the pairs; they keep their state.",
    }),
} as const;
