import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { repoPath } from "../../../toolchain/paths";
import { consoleBlocks } from "../../console";
import { PREFIX, pulumi, removeConfiguration, run, STACK } from "../harness";
import { SUBSTRATE } from "../substrate";
import { remains } from "./lab";

const PAGE = "docs/tutorial.md";
/** Said between two blocks. */
const NEXT = "-- the next block of the tutorial --";

/**
 * The commands of the tutorial, as they stand in the page, for one shell. A lab's containers have its stack's name, and
 * the stack of these tests is another than the default one, `dev`.
 */
function script(): { text: string; blocks: number } {
    const blocks = consoleBlocks(readFileSync(repoPath(PAGE), "utf8"));
    const text = [
        "set -e",
        ...blocks.flatMap((block) => [block.replaceAll("m3lab-dev-", `${PREFIX}-`), `echo '${NEXT}'`]),
    ];
    return { text: text.join("\n"), blocks: blocks.length };
}

/** Goes through the tutorial from nothing to nothing, after the lab of the other steps is gone. */
export function tutorial(): void {
    it(`goes through the tutorial with the commands that stand in ${PAGE}`, async () => {
        const removed = await pulumi(["stack", "rm", "--yes"], { quiet: true });
        expect(removed.code, removed.output).to.equal(0);
        removeConfiguration();
        const settings = Object.entries(SUBSTRATE.settings).map(
            ([key, value]) => `  metal3-scale-lab:${key}: ${value}\n`,
        );
        writeFileSync(repoPath(`Pulumi.${STACK}.yaml`), `config:\n${settings.join("")}`);
        const { text, blocks } = script();
        const { code, output } = await run("bash", ["-c", text], { env: { METAL3_SCALE_LAB_STACK: STACK } });
        expect(code, output).to.equal(0);
        const said = output.split(`${NEXT}\n`);
        expect(said).to.have.length(blocks + 1);
        const block = (command: string): string => said[commandAt(command)] ?? "";
        // What is broken, as each of the three commands says it.
        expect(block('npm run status\nnpm run describe -- "$HOST"'))
            .to.match(/^Not yet: /m)
            .and.match(new RegExp(`^ +docker start ${PREFIX}-pair-\\d+-sushy-tools$`, "m"))
            .and.match(/^BareMetalHost host-\d+: /m)
            .and.match(/^ +BMC answers +none within a second$/m)
            .and.match(/ BMO +available → inspecting$/m);
        // And that it is mended.
        expect(block("docker start")).to.match(/^All is where it should be: 6 of 6 hosts and 3 of 3 clusters$/m);
        const report = /(\S+report\.html)/.exec(block("npm run report"))?.[1] ?? "";
        expect(existsSync(repoPath(report)), report).to.equal(true);
        expect(await remains()).to.deep.equal([]);
    });
}

/** Index of the block that has a command. */
const commandAt = (command: string): number => {
    const at = consoleBlocks(readFileSync(repoPath(PAGE), "utf8")).findIndex((block) =>
        block.replace(/ +#.*$/gm, "").includes(command),
    );
    expect(at, `a block with ${command}`).to.be.at.least(0);
    return at;
};
