import { expect } from "chai";
import { run } from "../../harness";

/** kubelet's own folder: the disk that it is on is the one of which kubelet says how full it is. */
const FILE = "/var/lib/kubelet/full-on-purpose";
/** What is left to everybody but root, bytes. Below 1 GiB a disk counts as full. */
const LEFT_BYTES = 900 * 2 ** 20;
/** After so many seconds the file goes by itself, whatever has become of this process. */
const LONGEST_SECONDS = 360;

/** Runs a command in a node's container. */
async function inNode(node: string, options: readonly string[], ...command: string[]): Promise<string> {
    const { code, output } = await run("docker", ["exec", ...options, node, ...command], { quiet: true });
    expect(code, `${command.join(" ")}: ${output}`).to.equal(0);
    return output;
}

/**
 * Fills the disk of a node, which is the machine's, but for 900 MiB. A file that is only allocated takes no time to
 * write, and what a file system reserves for root stays.
 * @returns what takes the file away
 */
export async function fillDisk(node: string): Promise<() => Promise<void>> {
    const [, free] = (await inNode(node, [], "df", "--output=avail", "--block-size=1", "/var/lib/kubelet")).split("\n");
    const bytes = Number(free) - LEFT_BYTES;
    expect(bytes, `bytes to fill of ${free}`).to.be.above(0);
    const script = `fallocate --length ${bytes} ${FILE}; sleep ${LONGEST_SECONDS}; rm -f ${FILE}`;
    await inNode(node, ["--detach"], "sh", "-c", script);
    return async () => void (await inNode(node, [], "rm", "-f", FILE));
}
