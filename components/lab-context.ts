import type * as kubernetes from "@pulumi/kubernetes";
import type { LayerContext } from "./context";
import type { Credentials } from "./credentials";
import type { LabPki } from "./lab-pki";
import type { Substrate } from "./substrate/substrate";

/** What every layer above the substrate may build on. What else a layer builds on are arguments of its own. */
export interface LabContext extends LayerContext {
    credentials: Credentials;
    pki: LabPki;
    substrate: Substrate;
    /** The namespace of the lab's objects in the management cluster, named `plan.namespace`. */
    namespace: kubernetes.core.v1.Namespace;
}
