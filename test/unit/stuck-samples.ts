import { expect } from "chai";
import { labStatus, type Waiting } from "../../cli/status/summary";
import { FleetTimeout } from "../../tasks/wait-for-fleet/errors";
import { waitForFleet } from "../../tasks/wait-for-fleet/wait";
import { partStatus } from "../../tasks/wait-for-fleet/workloads";
import { clusterObject, hostObject, hostsWith, LAB, machineOf, NOW, observed } from "./status-samples";

export type Look = Parameters<typeof observed>[0];

/** What status names first, and what the wait of `up` says of the same objects once its time has run out. */
export async function told(look: Look): Promise<{ status: Waiting | undefined; wait: string[] }> {
    const found = observed(look);
    const [status] = labStatus(found, LAB, NOW).stuck;
    let time = 0;
    const error: unknown = await waitForFleet({
        want: LAB.want,
        lab: LAB.plan,
        timeoutSeconds: 3,
        commands: LAB.commands,
        hint: "",
        report: () => undefined,
        read: () => Promise.resolve(found.fleet),
        readMachinery: () => Promise.resolve({ owners: [], machines: [] }),
        // The wait does not ask Ironic.
        readEvidence: () => Promise.resolve({ ...found.evidence, ironic: new Map() }),
        readContainers: () => Promise.resolve([]),
        clock: { now: () => time, sleep: (milliseconds) => Promise.resolve((time += milliseconds)) },
    }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(FleetTimeout);
    return { status, wait: (error as Error).message.split("\n").slice(1) };
}

/** Has both name this, and the same next. @param by what holds it up, without the time since which it does */
export async function expectNamed(look: Look, by: string, next: readonly string[]): Promise<void> {
    const { status, wait } = await told(look);
    expect(status?.line).to.include(by);
    expect(status?.next).to.deep.equal(next);
    expect(wait[0]).to.include(by);
    expect(wait.slice(1, 1 + next.length).map((line) => line.trim())).to.deep.equal(next);
}

export const machine = "cluster-0001-control-plane-x";
export const WAITS = {
    Available: "* InfrastructureReady: not ready\n* ControlPlaneAvailable: Control plane not yet initialized",
};
export const clusters = [clusterObject("cluster-0000"), clusterObject("cluster-0001", WAITS)];
export const machines = [machineOf("cluster-0001")];
export const inUse = (state: string, error = "") => hostsWith(hostObject(1, state, machine, error));
export const deployment = (name: string, namespace = "metal3") =>
    partStatus({ kind: "Deployment", namespace, name, inState: false }, false, []);
export const describeHost = "npm run describe -- host-0001 --stack mine";
export const node = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

/** How requests, and with it sushy and Ironic, say that nobody listens. */
export const refused = (host: string, port: number, path: string): string =>
    `HTTPConnectionPool(host='${host}', port=${port}): Max retries exceeded with url: ${path} (Caused by ` +
    "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f1c2e3d4a50>: " +
    "Failed to establish a new connection: [Errno 111] ECONNREFUSED'))";
