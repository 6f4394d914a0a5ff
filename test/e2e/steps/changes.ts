import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { configure, previewedSteps, pulumi, STACK } from "../harness";
import { SUBSTRATE } from "../substrate";
import { REFUSED } from "./key-changes";
import { lab, VERSION } from "./lab";

/** Changes that a living lab cannot take. */
export function changes(): void {
    it("refuses in the preview and in up what the lab cannot take, all at once, and touches nothing", async () => {
        const file = `Pulumi.${STACK}.yaml`;
        const configuration = readFileSync(file, "utf8");
        const before = await lab.live.identities();
        const [kept = {}, ...others] = REFUSED[SUBSTRATE.name] ?? [];
        const wrong = {
            ...kept,
            nodesPerPair: { to: "1", rule: "3 hosts, from host-0001 to host-0003, would move to another pair" },
            kubernetesVersion: { to: "v1.33.9", rule: `must not be below ${VERSION}` },
        };
        const refused = async (values: typeof kept, ...commands: string[][]): Promise<void> => {
            const set = Object.entries(values);
            await configure(Object.fromEntries(set.map(([key, { to }]) => [key, to])));
            for (const command of commands) {
                const { code, output } = await pulumi(command, { quiet: true });
                expect(code, output).to.not.equal(0);
                expect(output).to.include("; nothing was made");
                for (const [key, { to, rule }] of set) {
                    expect(output).to.include(`${key} = "${to}": ${rule}`);
                }
            }
            writeFileSync(file, configuration);
        };
        await refused(wrong, ["preview"], ["up", "--yes", "--skip-preview"]);
        for (const values of others) {
            await refused(values, ["preview"]);
        }
        expect(await lab.live.identities()).to.deep.equal(before);
        expect(await previewedSteps()).to.deep.equal([]);
    });
}
