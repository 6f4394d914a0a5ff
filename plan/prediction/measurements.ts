import data from "./data/measurements.json";

/** A lab that was measured, and what was seen. Sizes are numbers of hosts, and of machines of all clusters together. */
export interface Measured {
    /** File of docs/measurements that the figures are from. */
    source: string;
    hosts: number;
    machines: number;
    /** Default: 2. */
    conductors?: number;
    /** The lab that it was before; absent: there was none. */
    from?: { hosts: number; machines: number };
    /** Seconds from the first new host until everything was where it should be. */
    growth?: number;
    /** Seconds of `pulumi up`. */
    up?: number;
    /** CPU-seconds of the machine for each host, from the first one on. */
    cpu?: number;
    /** Most memory that was in use on the machine, above what was in use before; GiB. */
    gib?: number;
}

/** Labs that were measured on one machine. */
export interface Measurements {
    machine: { cores: number; memoryGib: number };
    /** Made from nothing. */
    made: readonly Measured[];
    /** There already, with nothing to change. */
    unchanged: readonly Measured[];
    grown: readonly Measured[];
    shrunk: readonly Measured[];
    /** Given another number of conductors. */
    conductors: readonly Measured[];
    memory: readonly Measured[];
}

export const MEASUREMENTS: Measurements = data;
