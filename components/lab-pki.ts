import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Pki, PkiInput } from "../tasks/pki/input";

export interface LabPkiArgs {
    input: PkiInput;
}

/** Every certificate of the lab, issued once and kept, as secrets, in the stack's state. */
export class LabPki extends pulumi.ComponentResource {
    /** All certificates and keys, as tasks/pki.ts printed them. Secret. */
    readonly issued: pulumi.Output<Pki>;
    /** Certificate of the lab's CA, PEM. Not a secret. */
    readonly caCertificate: pulumi.Output<string>;

    constructor(name: string, args: LabPkiArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:LabPki", name, {}, opts);
        const issue = new command.local.Command(
            name,
            {
                create: "node --import tsx tasks/pki.ts",
                stdin: JSON.stringify(args.input),
                // The output holds keys: they belong into the state, never into a log.
                logging: "stderr",
            },
            {
                parent: this,
                additionalSecretOutputs: ["stdout"],
                // Another path of the program is no reason to run it again (labs made before December 2026 have
                // cli/pki.ts in their state, which therefore leads to the same program): until it had run, a preview
                // would not know the certificates, and would announce that everything which holds one is replaced.
                ignoreChanges: ["create"],
            },
        );
        this.issued = pulumi.secret(issue.stdout.apply((stdout) => JSON.parse(stdout) as Pki));
        this.caCertificate = pulumi.unsecret(this.issued.apply(({ ca }) => ca.cert));
        this.registerOutputs({ caCertificate: this.caCertificate });
    }

    /** The CA with its key, for tasks that issue certificates later. */
    get authority(): pulumi.Output<{ cert: string; key: string }> {
        return this.issued.apply(({ ca }) => ca);
    }

    /**
     * The CA of the lab's Kubernetes with its key, for nodes that join it later.
     * @throws Error where the lab issues no certificates for Kubernetes
     */
    get clusterAuthority(): pulumi.Output<{ cert: string; key: string }> {
        return this.issued.apply(({ kubernetes }) => {
            if (!kubernetes) {
                throw new Error("the PKI has no certificates for Kubernetes");
            }
            return kubernetes.clusterCa;
        });
    }

    /** One of the serving certificates that `input.servers` asked for. */
    server(key: string): pulumi.Output<{ cert: string; key: string }> {
        return this.issued.apply(({ servers }) => {
            const certificate = servers[key];
            if (!certificate) {
                throw new Error(`the PKI has no certificate ${key}`);
            }
            return certificate;
        });
    }
}
