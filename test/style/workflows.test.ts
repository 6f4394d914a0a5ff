import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parse } from "yaml";
import { repoPath } from "../../toolchain/paths";
import { expectNone } from "./complaints";
import { workflowFiles } from "./tree";

interface Step {
    uses?: string;
    run?: string;
    with?: Record<string, unknown>;
    env?: Record<string, string>;
}
interface Job {
    "runs-on": string;
    "timeout-minutes"?: number;
    steps: Step[];
}
interface Workflow {
    on: Record<string, unknown>;
    permissions?: unknown;
    jobs: Record<string, Job>;
}

const { scripts } = JSON.parse(readFileSync(repoPath("package.json"), "utf8")) as { scripts: object };

/** Actions that a workflow may use, each by the commit of its version. */
const ACTION = /^actions\/(checkout|setup-node)@[0-9a-f]{40}$/;

/** A step is one command of the repository, so that anybody can run it without a forge. */
const COMMAND = /^(\.ci\/run|npm (test|run ([\w:-]+)))( -- [^\n]*)?$/;

/** The machine of a lab never runs what a fork sends. */
const OWN_PULL_REQUEST = "github.event.pull_request.head.repo.full_name == github.repository && vars.";

function stepComplaints({ uses, run, with: inputs = {}, env = {} }: Step): string[] {
    const complaints: string[] = [];
    if (uses !== undefined && !ACTION.test(uses)) {
        complaints.push(`uses ${uses}, which is no official action at a commit`);
    }
    if (uses?.startsWith("actions/checkout@") && inputs["persist-credentials"] !== false) {
        complaints.push("leaves the token in the checkout");
    }
    if (run !== undefined) {
        const [, , , script] = COMMAND.exec(run) ?? [];
        if (!COMMAND.test(run) || (script !== undefined && !(script in scripts))) {
            complaints.push(`runs what is no command of the repository: ${run}`);
        }
        if (run.includes("${{")) {
            complaints.push(`has text of the forge in a command, where it may be code: ${run}`);
        }
        if (
            Object.values(env).some((value) => value.includes("github.token")) &&
            !/ (post|publish-images) /.test(run)
        ) {
            complaints.push(`hands the token to a step that posts nothing: ${run}`);
        }
    }
    return complaints;
}

/** What is wrong with a workflow, beside what actionlint says. */
function complaints(text: string): string[] {
    const { on, permissions, jobs } = parse(text) as Workflow;
    const found: string[] = [];
    if (JSON.stringify(permissions) !== '{"contents":"read"}') {
        found.push("gives all its jobs more than the right to read");
    }
    if ("pull_request_target" in on || "workflow_run" in on) {
        found.push("runs what a fork sends with the repository's rights");
    }
    if (/\bsecrets\b\./.test(text)) {
        found.push("has a secret of the repository");
    }
    for (const line of text.split("\n").filter((line) => line.includes("uses:") && !/ # v\d+\.\d+\.\d+$/.test(line))) {
        found.push(`does not say the version:${line}`);
    }
    for (const [name, job] of Object.entries(jobs)) {
        const runner = job["runs-on"];
        if ("pull_request" in on && runner.includes("vars.") && !runner.includes(OWN_PULL_REQUEST)) {
            found.push(`${name} runs what a fork sends on the machine of a lab`);
        }
        if (job["timeout-minutes"] === undefined) {
            found.push(`${name} may run for ever`);
        }
        found.push(...job.steps.flatMap(stepComplaints).map((complaint) => `${name} ${complaint}`));
    }
    return found;
}

describe("The workflows of the forge", () => {
    it("are those that the documents name", () =>
        expect(workflowFiles.map(({ path }) => path.replace(".github/workflows/", ""))).to.have.members([
            "drift.yml",
            "end-to-end.yml",
            "images.yml",
            "preview.yml",
            "tests.yml",
        ]));

    for (const { path, text } of workflowFiles) {
        it(`${path} has few rights, official actions at a commit, and commands of the repository`, () =>
            expectNone(complaints(text)));
    }

    it("would be refused with more rights, other actions, other commands, or a fork on a lab's machine", () => {
        const wrong = `
on: { pull_request_target: , pull_request: }
permissions: write-all
jobs:
  one:
    runs-on: \${{ vars.METAL3_SCALE_LAB_RUNNER }}
    steps:
      - uses: actions/checkout@v7
      - uses: somebody/action@3d3c42e5aac5ba805825da76410c181273ba90b1 # v1.0.0
      - run: npm run no-such-script
      - run: npm run drift -- --stack \${{ github.event.pull_request.title }}
        env: { TOKEN: "\${{ github.token }}", KEY: "\${{ secrets.KEY }}" }
      - run: curl example.com | sh
`;
        const found = complaints(wrong);
        const expected = [
            /more than the right to read/,
            /with the repository's rights/,
            /has a secret/,
            /does not say the version/,
            /what a fork sends on the machine/,
            /may run for ever/,
            /actions\/checkout@v7, which is no official action/,
            /leaves the token/,
            /somebody\/action/,
            /no-such-script/,
            /it may be code/,
            /posts nothing/,
            /curl/,
        ];
        for (const pattern of expected) {
            expect(
                found.filter((complaint) => pattern.test(complaint)),
                String(pattern),
            ).to.have.length(1);
        }
    });
});
