import { cpus, totalmem } from "node:os";

/** What a machine is: figures of two machines are not compared. */
export interface MachineFacts {
    cpus: number;
    /** Name of its processor. */
    model: string;
    memoryBytes: number;
}

/** This machine. */
export const machineFacts = (): MachineFacts => ({
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
});
