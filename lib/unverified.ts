import { Agent } from "undici";

/**
 * Takes any certificate. For requests from this machine to the lab's own BMCs, whose CA only the stack's state has:
 * Ironic and the agents check it, a person who looks whether they answer need not.
 */
export const unverified = new Agent({ connect: { rejectUnauthorized: false } });
