import * as pulumi from "@pulumi/pulumi";
import { startCommand, startStopped, stoppedContainers } from "../machine/docker/stopped";
import { nodeName } from "../plan/identities";
import type { Problem } from "../plan/problem";

/** Starts what stands still of the lab; for plain `pulumi up`, which no command line precedes. */
export const startStoppedLab = (prefix: string): Promise<void> =>
    startStopped(prefix, (text) => void pulumi.log.info(text));

/**
 * The problem that the lab's node stands still, for a preview, which changes nothing and would wait for minutes for a
 * cluster that does not answer. A preview also runs where Docker does not answer.
 */
export async function stoppedNodeProblems(prefix: string): Promise<Problem[]> {
    const stopped = await stoppedContainers(prefix).catch(() => []);
    const node = stopped.find(({ name }) => name === nodeName(pulumi.getStack()));
    return node === undefined
        ? []
        : [
              {
                  key: "stack",
                  value: pulumi.getStack(),
                  rule:
                      `its container ${node.name} stands still (${node.status}): ` +
                      `'${startCommand(node)}', or 'npm run up'`,
              },
          ];
}
