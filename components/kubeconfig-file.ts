import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface KubeconfigFileArgs {
    content: pulumi.Input<string>;
    stack: string;
}

/** The administrator's kubeconfig as a file of the checkout, readable by its owner only; goes with the lab. */
export class KubeconfigFile extends pulumi.ComponentResource {
    /** Relative to the checkout, so that the state does not depend on where it lies. */
    readonly path: string;

    constructor(name: string, { content, stack }: KubeconfigFileArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:KubeconfigFile", name, {}, opts);
        const directory = `.lab/${stack}`;
        new command.local.Command(
            name,
            {
                create: 'umask 077 && mkdir -p "$DIRECTORY" && cat > "$DIRECTORY/kubeconfig"',
                delete: 'rm -rf "$DIRECTORY" && { rmdir .lab 2>/dev/null || true; }',
                environment: { DIRECTORY: directory },
                stdin: content,
            },
            { parent: this },
        );
        this.path = `${directory}/kubeconfig`;
        this.registerOutputs({ path: this.path });
    }
}
