import { BMC_DRIVERS, BMC_PROTOCOLS, BOOT_MODES } from "../bmc-choices";
import { hostMix } from "../host-profiles/mix";
import { SHIPPED } from "../host-profiles/shipped";
import { derived, withDefault } from "./definition";
import { MAX_FAKE_SECONDS, POWER_SYNC_SECONDS } from "./limits";
import * as values from "./values";

const PROFILES = Object.keys(SHIPPED)
    .map((name) => `\`${name}\``)
    .join(", ");

/** Keys of the fake machines: where they run, how long they take, and how often their power is looked at. */
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
    hostProfiles: withDefault(values.json("an object: {NAME: SHARE}").pipe(hostMix), '{"small":100}', {
        meaning:
            `What hardware the fake hosts have: shares by the name of a profile, ${PROFILES}, or of one of your own ` +
            "(docs/hosts.md). A host's profile follows from its index and the shares.",
        range: "`{NAME: SHARE}`, `{NAME: {share, like, …}}`; shares from 1 to 1000",
        effects: ["in place", "restarts the pairs", "restarts pods"],
        onChange:
            "Refused where a host that is there would be another machine. Where only further hosts get other " +
            "profiles, replaces the containers of the pairs, which keep their state, and restarts the conductors " +
            "when the first profile with LLDP or BIOS settings comes. Another content of a profile is what its hosts " +
            "report at their next inspection.",
    }),
    bmcProtocol: withDefault(values.choice(BMC_PROTOCOLS), "http", {
        meaning:
            "How Ironic reaches the BMCs. `https`: with certificates of the lab's CA, which Ironic checks; addresses " +
            "are `redfish+https://…`.",
        range: "`http`, `https`",
        effects: ["another lab"],
        onChange: "Refused: each host would get another BMC address, which BMO does not take.",
    }),
    bmcDriver: withDefault(values.choice(BMC_DRIVERS), "redfish", {
        meaning:
            "How hosts boot the ramdisk. `redfish`: by PXE. `redfish-virtualmedia`: from an ISO image in the virtual " +
            "drive of the BMC. A profile may say otherwise (docs/hosts.md).",
        range: "`redfish`, `redfish-virtualmedia`",
        effects: ["another lab"],
        onChange: "Refused: each host would get another BMC address, which BMO does not take.",
    }),
    bootMode: withDefault(values.choice(BOOT_MODES), "legacy", {
        meaning: "Boot mode of the hosts, which Ironic sets at the BMC. A profile may say otherwise (docs/hosts.md).",
        range: "`legacy`, `UEFI`",
        effects: ["another lab"],
        onChange: "Refused: Ironic knows a host that serves a cluster by the mode that it was deployed in.",
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
    powerSyncSeconds: derived(values.integer(0, POWER_SYNC_SECONDS.most), {
        meaning:
            "How often Ironic looks at the power of every host (`sync_power_state_interval`). Only then it learns of " +
            "a host that was switched off at its BMC, and switches it on again. What a look costs: " +
            "[sizing.md](sizing.md).",
        range: `seconds, 0 to ${POWER_SYNC_SECONDS.most}; 0: never`,
        unset:
            `${POWER_SYNC_SECONDS.lab} with \`tuning: lab\`, ` +
            `${POWER_SYNC_SECONDS.published} with \`tuning: published\``,
        effects: ["restarts pods"],
        onChange: "Converges: restarts the conductors.",
    }),
} as const;
