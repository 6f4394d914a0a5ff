import { eventually } from "../harness";
import { SUBSTRATE } from "../substrate";
import { fillDisk } from "./stuck/full-disk";
import { named, SETTLED_SECONDS, status } from "./stuck/mishap";
import { MISHAPS } from "./stuck/mishaps";

/** Limit for status to name what is stuck, seconds. */
const NAMED_SECONDS = 300;

/** Waits until status names a reason with what to do next. */
const untilNamed = (what: string, says: () => RegExp, next: () => RegExp): Promise<void> =>
    eventually(
        `status naming ${what}`,
        NAMED_SECONDS,
        async () => (await named(says()))?.next.some((line) => next().test(line)) === true,
        async () => (await status()).stuck.map(({ line, next: lines }) => [line, lines]),
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
    for (const { name, make, undo, says, next } of MISHAPS) {
        it(`says what holds it up: ${name}`, async () => {
            await untilSettled();
            try {
                await make();
                await untilNamed(name, says, next);
            } finally {
                await undo();
            }
            await untilSettled();
        });
    }

    // Another kubelet than the lab's evicts pods from a full disk, and removes images.
    if (SUBSTRATE.services === "runit" && SUBSTRATE.isOwn) {
        it("says what holds it up: a full disk in the node", async () => {
            const empty = await fillDisk(SUBSTRATE.node());
            try {
                const says = () => /^Node \S+: its disk is full: 0\.\d of \d+\.\d GiB are free/;
                await untilNamed("a full disk", says, () => /^kubectl describe node /);
            } finally {
                await empty();
            }
            await untilSettled();
        });
    }
}
