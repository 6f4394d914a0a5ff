import * as pulumi from "@pulumi/pulumi";
import { WaitTimeout } from "../lib/wait-until";
import { npmRun } from "../plan/commands";
import type { Manifest } from "../plan/manifests/documents";
import { UserError } from "../plan/user-error";
import { Cluster } from "../tasks/cluster-api/cluster";
import { waitForWebhooks } from "../tasks/cluster-api/wait";
import { created } from "./created";
import { withRunErrors } from "./run-error";

export interface AnsweringArgs {
    /** What is waited for, as the message at the limit says it. */
    what: string;
    /** An object that the webhook is asked about when it is created. */
    probe: Manifest;
    kubeconfig: pulumi.Output<string>;
}

/** A new pod is behind its Service a few seconds after it is ready. */
const WAIT_SECONDS = 120;

/**
 * The resources of a controller, each only once kube-apiserver reaches the controller's webhook: a Deployment that is
 * Available is not yet behind its Service, and an object that is made too early is refused. In a preview at once.
 */
export function answering(resources: readonly pulumi.Resource[], args: AnsweringArgs): pulumi.Input<pulumi.Resource>[] {
    if (pulumi.runtime.isDryRun()) {
        return [...resources];
    }
    // A promise, because an output would make all that the kubeconfig comes from a dependency of each host.
    const answered = new Promise((resolve) => firstAnswer(resources, args).apply(resolve));
    return resources.map((resource) => answered.then(() => resource));
}

const firstAnswer = (
    resources: readonly pulumi.Resource[],
    { what, probe, kubeconfig }: AnsweringArgs,
): pulumi.Output<undefined> =>
    pulumi.all([kubeconfig, created(resources)]).apply(async ([content]) => {
        const options = {
            seconds: WAIT_SECONDS,
            signal: new AbortController().signal,
            onLine: (line: string): void => void pulumi.log.info(line),
        };
        const wait = waitForWebhooks(what, new Cluster(content), [probe], options).catch((error: unknown) => {
            const hint = `What holds it up: ${npmRun("status", pulumi.getStack())}`;
            throw error instanceof WaitTimeout ? new UserError(`${error.message}\n${hint}`) : error;
        });
        await withRunErrors(wait);
        return undefined;
    });
