/** What a provider is made of. The gRPC service in service.ts serves any definition of this form. */
import { Failure, PropertyTable } from "./property";
import { Properties } from "./values";

/** What an operation is about, and its way to tell the person at the terminal something. */
export interface Context {
    /** The resource's URN. It holds the stack and the project, so it is unique on a machine. */
    urn: string;
    /** Logical name of the resource in the program. */
    name: string;
    /** Aborted when the person cancels (Ctrl-C): the engine then sends Cancel. */
    signal: AbortSignal;
    /** Seconds the program's customTimeouts allow; 0 where it sets none. */
    timeout: number;
    log(severity: "debug" | "info" | "warning" | "error", message: string): void;
    /** A line of progress, shown while the operation runs and not kept. */
    progress(message: string): void;
}

export interface Created {
    id: string;
    outputs: Properties;
}

export interface Found extends Created {
    /** The inputs that would give what was found: where they differ from the program's, the next `up` repairs. */
    inputs: Properties;
}

/** A resource under its official token. Every function gets and gives plain values: secrets are handled around them. */
export interface ResourceDefinition {
    token: string;
    description: string;
    inputs: PropertyTable;
    /** What the provider adds to the inputs. */
    outputs: PropertyTable;
    /** Official inputs that are not served: an error that says so, where a program sets one. */
    notServed: readonly string[];
    /** The property that is named after the resource (and seven random hex digits) where the program gives no name. */
    autoname?: string;
    /** Outputs are secret where any input is, because they can be computed from each of them. */
    outputsFollowSecrets?: boolean;
    /** Rules across properties. Values may be unknown. */
    check?(inputs: Properties): Failure[];
    /** Outputs known without making anything; the rest of `outputs` is unknown in a preview. */
    preview?(inputs: Properties): Properties;
    create(inputs: Properties, context: Context): Promise<Created>;
    /** What is there now, or undefined where it is gone. */
    read(id: string, state: Properties, inputs: Properties, context: Context): Promise<Found | undefined>;
    /** Absent where every change replaces. `news` are the inputs wanted. Returns the outputs. */
    update?(id: string, olds: Properties, news: Properties, context: Context): Promise<Properties>;
    /** Outputs that an update in place may change, so that its preview does not know them. */
    changedByUpdate?: readonly string[];
    /** Succeeds where it is gone already. */
    delete(id: string, state: Properties, context: Context): Promise<void>;
}

export interface ProviderDefinition {
    /** Package name, for example `docker`. */
    name: string;
    /** Version of the npm package whose tokens and types are served. */
    version: string;
    description: string;
    /**
     * Whether checked inputs hold the defaults and the note `__defaults`, as the official provider's do. Of the three, only docker's do: Pulumi's
     * bridge fills them in for Terraform providers of the older kind (SDK v2). random is of the newer kind (plugin framework), command is native.
     */
    fillsDefaults: boolean;
    config: PropertyTable;
    configNotServed: readonly string[];
    resources: readonly ResourceDefinition[];
    configure?(config: Properties): void;
}

/**
 * The resource exists, but is not as it should be (for example not healthy). It goes into the state, so that `destroy` finds it; the next `up`
 * calls its update.
 */
export class InitFailedError extends Error {
    constructor(
        readonly created: Created,
        message: string,
    ) {
        super(message);
    }
}
