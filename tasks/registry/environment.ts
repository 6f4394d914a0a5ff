import { required } from "../required";
import type { NodeRegistry } from "./pull";

/** The lab's registry as the variables REGISTRY and GATEWAY say it. Undefined: the lab has none. */
export function registryOfEnvironment(): NodeRegistry | undefined {
    const prefix = process.env["REGISTRY"];
    return prefix === undefined ? undefined : { prefix, gateway: required("GATEWAY") };
}
