import { eventually } from "../harness";
import { SUBSTRATE } from "../substrate";
import { fillDisk } from "./stuck/full-disk";
import { named, SETTLED_SECONDS, status, type Mishap } from "./stuck/mishap";
import { MISHAPS } from "./stuck/mishaps";

/** Limit for status to name what is stuck, seconds. */
const NAMED_SECONDS = 300;

/** Waits until status names a reason, with what waits for it and with what to do next. */
const untilNamed = ({ name, says, waits, next }: Pick<Mishap, "name" | "says" | "waits" | "next">): Promise<void> =>
    eventually(
        `status naming ${name}`,
        NAMED_SECONDS,
        async () => {
            const found = await named(says());
            const others = (found?.others ?? []).map((each) => `${each.kind} ${each.name}: ${each.reason}`);
            return (
                found?.next.some((line) => next().test(line)) === true &&
                (waits === undefined || others.some((line) => waits.test(line)))
            );
        },
        async () => (await status()).stuck,
    );

const untilSettled = (): Promise<void> =>
    eventually(
        "all to be where it should be",
        SETTLED_SECONDS,
        async () => (await status()).isSettled,
        async () => (await status()).stuck.map(({ line }) => line),
    );

/** Makes what holds a lab up, one after another, and has status name each of them. */
export function stuck(): void {
    for (const mishap of MISHAPS) {
        it(`says what holds it up: ${mishap.name}`, async () => {
            await untilSettled();
            try {
                await mishap.make();
                await untilNamed(mishap);
            } finally {
                await mishap.undo();
            }
            await untilSettled();
        });
    }

    // Another kubelet than the lab's evicts pods from a full disk, and removes images.
    if (SUBSTRATE.services === "runit" && SUBSTRATE.isOwn) {
        it("says what holds it up: a full disk in the node", async () => {
            const empty = await fillDisk(SUBSTRATE.node());
            try {
                await untilNamed({
                    name: "a full disk",
                    says: () => /^Node \S+: its disk is full: 0\.\d of \d+\.\d GiB are free/,
                    next: () => /^kubectl describe node /,
                });
            } finally {
                await empty();
            }
            await untilSettled();
        });
    }
}
