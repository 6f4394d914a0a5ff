import { expect } from "chai";
import { NAMESPACE, PREFIX } from "../../harness";
import { SUBSTRATE } from "../../substrate";
import { inLab, lab } from "../lab";
import { addCluster, json, named, removeCluster, scale, shell, status, type Mishap } from "./mishap";
import { refusals } from "./refusals";

/** Names of the hosts that no machine uses, the first of which the next cluster gets. */
const freeHosts = async (): Promise<string[]> =>
    (await lab.live.hosts())
        .filter(({ spec, status: found }) => !spec["consumerRef"] && found?.provisioning?.state === "available")
        .map(({ metadata }) => metadata.name)
        .sort();

const PAUSED = "baremetalhost.metal3.io/paused";
/** Parts that a mishap is about, which are known once it is made. */
let [pair, spare]: [string, string[]] = ["", []];

/** The container or Deployment with the BMCs of a pair. */
const bmcs = (): { stop: () => Promise<unknown>; start: () => Promise<unknown>; says: string; next: RegExp } => {
    if (SUBSTRATE.pairs === "pods") {
        return {
            stop: () => scale(0, pair),
            start: () => scale(1, pair),
            says: `Deployment ${NAMESPACE}/${pair}: is scaled to 0 replicas`,
            next: new RegExp(`scale deployment ${pair} --replicas 1$`),
        };
    }
    const name = `${PREFIX}-${pair}-sushy-tools`;
    const container = lab.live.docker.getContainer(name);
    return {
        stop: () => container.stop(),
        start: () => container.start(),
        says: `Container ${name}: Exited`,
        next: new RegExp(`^docker start ${name}$`),
    };
};

const merge = (change: object): string[] => ["--type", "merge", "--patch", JSON.stringify(change)];

const UNPAUSE = `kubectl --namespace ${NAMESPACE} patch cluster cluster-0001 --type json --patch \
'[{"op":"remove","path":"/spec/paused"}]'`;

/** What is made to a lab, one after another. */
export const MISHAPS: readonly Mishap[] = [
    {
        name: "no free host",
        async make() {
            spare = await freeHosts();
            await inLab("annotate", "baremetalhost", ...spare, `${PAUSED}=`);
            await addCluster();
        },
        async undo() {
            await removeCluster();
            await inLab("annotate", "baremetalhost", ...spare, `${PAUSED}-`);
        },
        says: () => /^Cluster cluster-0002: Machine \S+: no free host: (\d+) of \1 are in use or not available/,
        next: () => /get baremetalhosts$/,
    },
    {
        name: "a BMC that is away",
        async make() {
            const [first = ""] = await freeHosts();
            ({ pair = "" } = (await json<{ facts: { pair?: string } }>("describe", first)).facts);
            expect(pair, `pair of ${first}`).to.match(/^pair-\d+$/);
            await bmcs().stop();
            await addCluster();
        },
        async undo() {
            await bmcs().start();
            await removeCluster();
        },
        says: () => new RegExp(`^${bmcs().says}`),
        // The host's own words come from Ironic once it has asked in vain. It tries for minutes, under its lock.
        waits: /^Cluster cluster-0002: .*BareMetalHost \S+: .*(Redfish|connect|power|has locked it)/,
        next: () => bmcs().next,
    },
    {
        name: "Ironic that is down",
        async make() {
            await scale(0, ...(await status()).conductors.map(({ name }) => name));
            await addCluster();
        },
        async undo() {
            await scale(1, ...(await status()).conductors.map(({ name }) => name));
            await removeCluster();
        },
        says: () => /^Deployment metal3\/ironic-conductor-0: is scaled to 0 replicas/,
        waits: /^Cluster cluster-0002: .*BareMetalHost /,
        next: () => /scale deployment ironic-conductor-0 --replicas 1$/,
    },
    {
        name: "an image server that is down",
        async make() {
            await scale(0, "ironic-image-server");
            await addCluster();
        },
        async undo() {
            await scale(1, "ironic-image-server");
            await removeCluster();
        },
        says: () => /^Deployment metal3\/ironic-image-server: is scaled to 0 replicas/,
        waits: /^Cluster cluster-0002: .*BareMetalHost \S+: provisioning/,
        next: () => /scale deployment ironic-image-server --replicas 1$/,
    },
    ...(SUBSTRATE.isOwn ? refusals() : []),
    {
        name: "a paused cluster",
        make: async () => void (await inLab("patch", "cluster", "cluster-0001", ...merge({ spec: { paused: true } }))),
        // As status proposes it.
        undo: async () => shell((await named(/^Cluster cluster-0001: is paused/))?.next[0] ?? UNPAUSE),
        says: () => /^Cluster cluster-0001: is paused by its field spec\.paused/,
        next: () => /^kubectl .*patch cluster cluster-0001 .*"paused":false/,
    },
];
