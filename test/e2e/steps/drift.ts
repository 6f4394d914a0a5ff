import { expect } from "chai";
import { eventually, pulumi } from "../harness";
import { users } from "./fleet";
import { inLab, lab, nothingToDo } from "./lab";

/** A change that somebody makes to an object of the lab by hand, and how the object's field is read. */
interface Drift {
    change: string[];
    object: string[];
    field: string;
}

// Not of the host that is switched off below: BMO would keep the error of that, as it never looks at it again.
const HOST_SECRET = ["secret", "host-0002-bmc"];
const DRIFTS: Drift[] = [
    {
        change: ["scale", "deployment/fkas-0", "--replicas=0"],
        object: ["deployment", "fkas-0"],
        field: ".spec.replicas",
    },
    {
        change: ["set", "env", "deployment/fkas-0", "FKAS_INDEX=7"],
        object: ["deployment", "fkas-0"],
        field: '.spec.template.spec.containers[0].env[?(@.name=="FKAS_INDEX")].value',
    },
    {
        change: ["patch", ...HOST_SECRET, "--patch", '{"stringData":{"password":"another"}}'],
        object: HOST_SECRET,
        field: ".data.password",
    },
    {
        change: ["patch", "configmap", "ironic-conductor-0", "--patch", '{"data":{"ironic.conf":"another"}}'],
        object: ["configmap", "ironic-conductor-0"],
        field: ".data.ironic\\.conf",
    },
    {
        change: ["patch", "baremetalhost", "host-0003", "--type=merge", "--patch", '{"spec":{"online":false}}'],
        object: ["baremetalhost", "host-0003"],
        field: ".spec.online",
    },
    {
        change: ["delete", "customresourcedefinition", "hostupdatepolicies.metal3.io"],
        object: ["customresourcedefinition", "hostupdatepolicies.metal3.io"],
        field: ".metadata.name",
    },
];

const seen = (): Promise<string[]> =>
    Promise.all(DRIFTS.map(({ object, field }) => inLab("get", ...object, "--output", `jsonpath={${field}}`)));

/** Objects of the lab that somebody has changed or deleted by hand. */
export function drift(): void {
    it("is as planned again, and replaces no host, when it is told to look at what somebody has changed", async () => {
        const before = await seen();
        expect(before).to.not.include("");
        const hosts = (await lab.live.hosts()).map(({ metadata }) => metadata.uid).sort();
        for (const { change } of DRIFTS) {
            await inLab(...change);
        }
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(code, output).to.equal(0);
        expect(await seen()).to.deep.equal(before);
        expect((await lab.live.hosts()).map(({ metadata }) => metadata.uid).sort()).to.deep.equal(hosts);
        await nothingToDo();
    });

    it("makes a host again that somebody has deleted in use, and its machine is on it again", async () => {
        const used = Object.keys(await users())[0] as string;
        await lab.live.deleteHost(used);
        // It is deprovisioned first.
        await eventually(
            `${used} to be gone`,
            180,
            async () => !(used in (await lab.live.hostStates())),
            () => lab.live.hostStates(),
        );
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(code, output).to.equal(0);
        expect(Object.keys(await users())).to.include(used);
        await nothingToDo();
    });

    it("ends the wait at a part that somebody has scaled to 0, names it, and says what brings it back", async () => {
        await inLab("scale", "deployment/fkas-0", "--replicas=0");
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include("Deployment metal3/fkas-0: is scaled to 0 replicas").and.include("--refresh");
        const { code: again, output: made } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(again, made).to.equal(0);
    });
}
