/** The description of a provider. The gRPC service in service.ts serves any definition of this form. */
import { Failure, PropertyTable } from "./property";
import { Properties } from "./values";

/** An operation's resource and limits, and its way to report to the person at the terminal. */
export interface Context {
    /** The resource's URN. It holds the stack and the project, so it is unique on a machine. */
    urn: string;
    /** Logical name of the resource in the program. */
    name: string;
    /** Aborted when the engine sends Cancel, because the person cancels (Ctrl-C). */
    signal: AbortSignal;
    /** Seconds that the program's customTimeouts allow; 0 where the program sets none. */
    timeout: number;
    log(severity: "debug" | "info" | "warning" | "error", message: string): void;
    /** Shows a line of progress while the operation runs. It is not kept. */
    progress(message: string): void;
}

export interface Created {
    id: string;
    outputs: Properties;
}

export interface Found extends Created {
    /** The inputs that would give what was found. Where they differ from the program's, the next `up` repairs it. */
    inputs: Properties;
}

/**
 * A resource under its official token. Every function takes and returns plain values: service.ts takes secrets off and
 * puts them back.
 */
export interface ResourceDefinition {
    token: string;
    description: string;
    inputs: PropertyTable;
    /** What the provider adds to the inputs in the state. */
    outputs: PropertyTable;
    /** Official inputs that the plugin does not serve. Setting one is an error that says so. */
    notServed: readonly string[];
    /**
     * The property that is the object's name. Where the program does not set it, it becomes the resource's name with
     * seven random hex digits.
     */
    autoname?: string;
    /** Whether all outputs are secret as soon as one input is, because the outputs may contain it. */
    outputsFollowSecrets?: boolean;
    /** Rules across properties. Values may be unknown. */
    check?(inputs: Properties): Failure[];
    /** Outputs that a preview knows; the rest of `outputs` is unknown in a preview. */
    preview?(inputs: Properties): Properties;
    create(inputs: Properties, context: Context): Promise<Created>;
    /** What is there now, or undefined where the object is gone. */
    read(id: string, state: Properties, inputs: Properties, context: Context): Promise<Found | undefined>;
    /**
     * Changes the object in place, to the inputs `news`, and returns the outputs. Absent where every change replaces.
     */
    update?(id: string, olds: Properties, news: Properties, context: Context): Promise<Properties>;
    /** Outputs that an update in place may change. Its preview does not know them. */
    changedByUpdate?: readonly string[];
    /** Deletes the object. It succeeds where the object is gone already. */
    delete(id: string, state: Properties, context: Context): Promise<void>;
}

export interface ProviderDefinition {
    /** Package name, for example `docker`. */
    name: string;
    /** Version of the npm package whose tokens and types are served. */
    version: string;
    description: string;
    /**
     * Whether checked inputs hold the defaults and the note `__defaults`, as the official provider's do. Of the three,
     * only docker's do: Pulumi's bridge fills them in for Terraform providers of the older kind (SDK v2). random is of
     * the newer kind (plugin framework), command is native.
     */
    fillsDefaults: boolean;
    config: PropertyTable;
    configNotServed: readonly string[];
    resources: readonly ResourceDefinition[];
    configure?(config: Properties): void;
}

/**
 * The object exists, but is not as it should be (for example not healthy). It goes into the state, so that `destroy`
 * finds it, and the next `up` calls its update.
 */
export class InitFailedError extends Error {
    constructor(
        readonly created: Created,
        message: string,
    ) {
        super(message);
    }
}
