import { createHash } from "node:crypto";

/** Number of Kubernetes-like objects that the work converts: together they are larger than the processor's caches. */
const OBJECTS = 2_000;
const ROUNDS = 12;

/**
 * CPU-milliseconds that a fixed piece of work takes on this machine now: it converts objects to JSON and back. On a
 * machine that shares its cores and caches with others, the amount of work done in a CPU-second changes. Two runs can
 * be compared only together with the calibration of each.
 */
export function calibrate(): number {
    const objects = Array.from({ length: OBJECTS }, (_, index) => ({
        metadata: {
            name: `host-${index}`,
            labels: { cluster: `cluster-${index}` },
            uid: createHash("sha256").update(String(index)).digest("hex"),
        },
        status: {
            conditions: Array.from({ length: 8 }, (__, condition) => ({
                type: `Condition${condition}`,
                status: "True",
                observedGeneration: index,
            })),
        },
    }));
    const before = process.cpuUsage();
    let text = JSON.stringify(objects);
    for (let round = 0; round < ROUNDS; round++) {
        text = JSON.stringify(JSON.parse(text));
    }
    createHash("sha256").update(text).digest();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
}
