import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
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
    /** The same path, once the file is there. In a preview at once. */
    readonly written: pulumi.Output<string>;

    constructor(name: string, { content, stack }: KubeconfigFileArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:KubeconfigFile", name, {}, opts);
        const directory = `.lab/${stack}`;
        const file = new command.local.Command(
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
        this.written = pulumi.runtime.isDryRun()
            ? pulumi.output(this.path)
            : pulumi.unsecret(pulumi.all([content, file.id]).apply(([text]) => writeWhereMissing(this.path, text)));
        this.registerOutputs({ path: this.path });
    }
}

/**
 * Writes the file again that somebody has removed, for instance with `git clean`: Pulumi does not look at it, and runs
 * the command only when the content changes.
 * @returns the path of the file
 */
export async function writeWhereMissing(path: string, content: string): Promise<string> {
    if (!existsSync(path)) {
        await mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
        await writeFile(path, content, { mode: 0o600 });
    }
    return path;
}
