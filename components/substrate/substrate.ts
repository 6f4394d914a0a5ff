import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { PairPlan } from "../../plan/plan";
import type { PkiInput } from "../../tasks/pki/input";
import type { LayerContext } from "../context";
import type { FakeNodePair, FakeNodePairArgs } from "../fake-nodes/pair";
import type { LabPki } from "../lab-pki";

/** What a kind of substrate gives to the layers above it, which know nothing else of where they stand. */
export interface Substrate {
    /** Administrator's kubeconfig, valid on the machine that runs the program. Secret. */
    readonly kubeconfig: pulumi.Output<string>;
    /** Provider for the management cluster. */
    readonly provider: kubernetes.Provider;
    /** Resources that a pod needs before it can run: images, DNS, storage. */
    readonly ready: pulumi.Resource[];
    /**
     * Resource that is deleted last, and the whole cluster with it: objects inside need no delete of their own then.
     * Undefined where the cluster is not the lab's, and everything is deleted one by one.
     */
    readonly cluster?: pulumi.Resource;
    /**
     * Annotations of the lab's namespace, which record who has made the lab. Undefined where objects of this machine
     * bear the record.
     */
    readonly record?: Record<string, string>;
    /** Names of its Docker containers, which have to run. Empty where it has none. */
    readonly containers: pulumi.Input<string>[];
    /**
     * Creates the BMCs and agents of a range of hosts on this machine, where they and Ironic reach each other.
     * Undefined where the cluster is elsewhere, and they run in it.
     */
    createPair?(pair: PairPlan, args: PairNeeds, opts: pulumi.ComponentResourceOptions): FakeNodePair;
}

/** What a pair needs of the layers above the substrate. */
export type PairNeeds = Pick<FakeNodePairArgs, "ironicUrl" | "caCertificate" | "bmc" | "certificate">;

/** One kind of substrate. The kinds are listed in kinds.ts by the value of the key `substrate`. */
export interface SubstrateKind {
    /** Certificates of Kubernetes that the lab's PKI issues, or undefined when the cluster has its own. */
    certificates(context: LayerContext): PkiInput["kubernetes"];
    /** Creates the cluster and what pods need in it. Every resource gets `opts.parent` as its parent. */
    create(context: LayerContext, pki: LabPki, opts: { parent: pulumi.Resource }): Substrate;
}
