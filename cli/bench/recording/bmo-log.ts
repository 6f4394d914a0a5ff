import type { NodeAccess } from "../../../machine/holder";
import type { BmoLogLine } from "../../record/lines";

/** What BMO 0.13 says when Ironic refuses because a host is locked (409), and when Ironic cannot answer (5xx). */
const LOCKED = "(, busy|host is locked, |node is busy, )";
const ERROR = "but got 5[0-9][0-9] instead";

/**
 * A shell script for the node on which BMO runs. Arguments: the moment from which lines count, as containerd writes it
 * in front of each, the two patterns, and the folder of the pods' logs. It prints the numbers of both. Rotated files
 * are compressed.
 */
const SCRIPT = `
for file in "$4"/*_baremetal-operator-controller-manager-*/*/*.log*; do
    case "$file" in *.gz) zcat "$file" ;; *) cat "$file" ;; esac
done | awk -v from="$1" -v locked="$2" -v error="$3" '
    $1 >= from && $0 ~ locked { l++ }
    $1 >= from && $0 ~ error { e++ }
    END { print l + 0, e + 0 }'
`;

/**
 * How often BMO met with a locked host and with an error of Ironic's server.
 * @param began lines from then on count
 * @param logs folder of the pods' logs in the node
 * @throws Error when the node does not answer
 */
export async function readBmoLog(
    node: NodeAccess,
    began: Date,
    signal: AbortSignal,
    logs = "/var/log/pods",
): Promise<Pick<BmoLogLine, "locked" | "serverErrors">> {
    const command = ["sh", "-c", SCRIPT, "log", began.toISOString(), LOCKED, ERROR, logs];
    return parseCounts(await node.exec(command, signal));
}

/** @throws Error when there are not two numbers */
export function parseCounts(printed: string): Pick<BmoLogLine, "locked" | "serverErrors"> {
    const [locked, serverErrors] = printed.trim().split(" ").map(Number);
    if (locked === undefined || serverErrors === undefined || Number.isNaN(locked + serverErrors)) {
        throw new Error(`BMO's log was not counted: ${JSON.stringify(printed)}`);
    }
    return { locked, serverErrors };
}
