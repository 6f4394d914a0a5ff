import { expect } from "chai";
import { configure, lab as command, previewedSteps, pulumi, STACK, type KillMoment } from "../harness";
import { isAsPlanned, machinesOnHosts } from "../steps/fleet";
import { lab, npmRunUp, up } from "../steps/lab";
import type { Kill, Step, WalkConfig } from "./draw";
import { touchedWithoutNeed, type Belongings } from "./untouched";

/** Provisioning network of the lab of a walk, which may stand beside that of the other end-to-end tests. */
export const PROVISIONING_CIDR = "192.168.231.0/24";

/** Sets the configuration, as far as a walk changes it. */
const set = (config: WalkConfig): Promise<void> => configure({ ...config });

/** Every container, host and cluster, and every machine with its host. */
async function belongings(): Promise<Belongings> {
    const identities = await lab.live.identities();
    const isPod = (name: string): boolean => name.startsWith("pod ");
    return {
        identities: Object.fromEntries(Object.entries(identities).filter(([name]) => !isPod(name))),
        machines: await machinesOnHosts(),
    };
}

const moment = ({ lines, seconds }: Kill): KillMoment => ({
    when: (output) => output.split("\n").length > lines,
    laterMs: seconds * 1000,
});

/** Kills `pulumi up` in its midst. Then `npm run up` has to finish what it began. */
async function killedUp(kill: Kill): Promise<void> {
    const { code } = await pulumi(["up", "--yes", "--skip-preview"], {
        kill: moment(kill),
        env: kill.noted ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" },
    });
    process.stderr.write(code === 0 ? "\npulumi up ended before it was to be killed\n" : "\npulumi up was killed\n");
    await npmRunUp();
}

/** The lab refuses, in the preview and in `up`, names each wrong key, and is not touched. */
async function isRefused({ before, wanted, refused }: Step): Promise<void> {
    const had = await belongings();
    await set(wanted);
    for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const { code, output } = await pulumi(args, { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include("nothing was made");
        for (const key of refused) {
            expect(output).to.match(new RegExp(`^\\s+${key} = .+: `, "m"));
        }
    }
    await set(before);
    expect(await belongings()).to.deep.equal(had);
    expect(await previewedSteps()).to.deep.equal([]);
}

/** Takes one step. Then the lab is as planned, and nothing was touched that had not to be. */
export async function takeStep(step: Step): Promise<void> {
    if (step.refused.length > 0) {
        return isRefused(step);
    }
    const { before: from, wanted, kill } = step;
    const before = await belongings();
    await set(wanted);
    await (kill === undefined ? up() : killedUp(kill));
    await isAsPlanned({ ...wanted, provisioningCidr: PROVISIONING_CIDR });
    expect(touchedWithoutNeed(before, await belongings(), { from, wanted })).to.deep.equal([]);
}

/** Makes the lab from which a walk starts. */
export async function makeLab(config: WalkConfig): Promise<void> {
    await configure({ ...config, provisioningCidr: PROVISIONING_CIDR });
    const { code, output } = await command("up", "--stack", STACK);
    expect(code, output).to.equal(0);
}
