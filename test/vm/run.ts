// Brings a lab up on an emulated machine as people have them, by hand: CONTRIBUTING.md says how.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Session } from "../../cli/session";
import { duration } from "../../lib/duration";
import { dockerBuild } from "../../toolchain/images/build";
import { builtReference } from "../../toolchain/images/reference";
import { failureLines } from "../../toolchain/run";
import { Figures } from "./figures";
import { EmulatedMachine } from "./machine";
import { collectParts } from "./parts";

const HOUR = 3_600_000;
const STACK = "vm";
const IMAGE = "metal3-scale-lab-vm/machine:bookworm";
/** A slow machine may need more than one run: each goes on where the one before ended. */
const MOST_RUNS = 4;

/** What a person looks at first. */
const FACTS = `
. /etc/os-release
echo "$PRETTY_NAME, Linux $(uname -r), $(systemctl --version | head -n 1), Node.js $(node --version)"
docker info --format 'Docker {{.ServerVersion}}, cgroup v{{.CgroupVersion}}, driver {{.CgroupDriver}}'
docker info --format '{{.SecurityOptions}}'
docker version --format '{{range .Server.Components}}{{.Name}} {{.Version}} {{end}}'
id
`;

/** Whether the node is Ready, and how long after its container had started. */
const NODE = `
started=$(docker inspect --format '{{.State.StartedAt}}' m3lab-${STACK}-control-plane)
format='{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].lastTransitionTime}'
set -- $(docker exec m3lab-${STACK}-control-plane kubectl get node m3lab-${STACK}-control-plane -o "jsonpath=$format")
echo "$1 $(($(date +%s --date "$2") - $(date +%s --date "$started")))"
`;

/** What a lab must not leave behind in Docker. */
const REMAINS = "docker ps --all --quiet; docker volume ls --quiet; docker network ls --quiet --filter type=custom";

interface Wanted {
    nodes: string;
    clusters: string;
}

async function bringUp(machine: EmulatedMachine, figures: Figures, { nodes, clusters }: Wanted): Promise<void> {
    const values = { nodes, clusters };
    const lines = Object.entries(values).map(([key, value]) => `  metal3-scale-lab:${key}: "${value}"\n`);
    await machine.ask(`printf '%s' '${`config:\n${lines.join("")}`}' > metal3-scale-lab/Pulumi.${STACK}.yaml`);
    const command = `cd metal3-scale-lab && npm run up -- --stack ${STACK}`;
    for (let time = 1; ; time += 1) {
        const what = `npm run up, run ${time}: ${nodes} hosts, ${clusters} clusters`;
        const { code } = await figures.measure(what, () => machine.run(command, 2 * HOUR, figures.show));
        const node = await machine.run(NODE, HOUR / 6);
        figures.note(`${what}: exit code ${code}; node Ready and seconds to it: ${node.output.trim()}`);
        if (code === 0) {
            return;
        }
        if (time === MOST_RUNS) {
            throw new Error(`npm run up has failed ${MOST_RUNS} times`);
        }
    }
}

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: {
            nodes: { type: "string", default: "0" },
            clusters: { type: "string", default: "0" },
            keep: { type: "boolean", default: false },
        },
    });
    const session = new Session();
    await session.ensure("up", STACK);
    const figures = new Figures();
    const folder = await mkdtemp(join(tmpdir(), "metal3-scale-lab-vm-"));
    try {
        await figures.measure("the image with QEMU and Debian", () =>
            dockerBuild(
                {
                    name: "vm",
                    reference: IMAGE,
                    context: __dirname,
                    args: { BASE: builtReference("base"), NODE: builtReference("fake-ipa") },
                },
                { log: session.toolchain.log("vm") },
            ),
        );
        const parts = await figures.measure("collecting what the machine has", () =>
            collectParts(session.toolchain.cache, folder),
        );
        const machine = await EmulatedMachine.start(IMAGE, parts);
        await figures.measure("its disks", () => machine.untilItBoots());
        await figures.measure("boot, until it answers by SSH", () => machine.untilItAnswers());
        await figures.measure("then, until Docker answers", () => machine.ask("docker version"));
        figures.note(await machine.ask(FACTS));
        await figures.measure("npm run doctor", () =>
            machine.run(`cd metal3-scale-lab && npm run doctor -- --stack ${STACK}`, HOUR, figures.show),
        );
        await bringUp(machine, figures, values);
        if (!values.keep) {
            await figures.measure("npm run down", () =>
                machine.run(`cd metal3-scale-lab && npm run down -- --stack ${STACK}`, HOUR, figures.show),
            );
            figures.note(`left in Docker: ${(await machine.ask(REMAINS)) || "nothing"}`);
        }
        figures.note(`CPU that the emulation took: ${duration(1000 * (await machine.cpuSeconds()))}`);
    } finally {
        figures.print();
        if (!values.keep) {
            await EmulatedMachine.remove();
        }
        await rm(folder, { recursive: true });
    }
}

main().catch(async (error: unknown) => {
    process.stderr.write(`${(await failureLines(error)).join("\n")}\n`);
    process.exitCode = 1;
});
