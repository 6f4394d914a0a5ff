import { Command, Option } from "commander";
import { Progress, StoppedError } from "../toolchain/progress";
import { benchOptions } from "./bench/command-line";
import type { BenchOptions } from "./bench/options";
import type { BundleOptions } from "./bundle";
import { capacityOptions } from "./capacity/command-line";
import type { CapacityOptions } from "./capacity/options";
import type { DescribeOptions } from "./describe";
import type { DoctorOptions } from "./doctor";
import type { DownOptions } from "./down";
import type { DriftOptions } from "./drift";
import type { LogsOptions } from "./logs";
import { sinceOption } from "./look/since";
import { THINGS } from "./look/things";
import { bundleOption, junitOption, list, parallelOption, positive, stackOption, thresholdsOption } from "./options";
import type { PicturesOptions } from "./pictures";
import type { PostOptions } from "./post";
import type { PreviewCommentOptions } from "./preview-comment";
import type { PublishOptions } from "./publish-images";
import type { ReportOptions } from "./report";
import { INTERRUPTED } from "./session";
import type { SetupOptions } from "./setup";
import type { StatusOptions } from "./status";
import type { TestOptions } from "./test";
import { testOptions } from "./test/command-line";
import type { UpOptions } from "./up";

/** The command line. */
export const program = new Command("metal3-scale-lab")
    .description("Commands around a Pulumi program that makes a Metal3 management cluster over fake bare-metal hosts.")
    .showHelpAfterError("(--help lists the options)");

/** Adds a command. Its modules are loaded when it is called, because loading the modules of all commands takes time. */
function command<Options>(name: string, description: string, run: (options: Options) => Promise<number>): Command {
    return program
        .command(name)
        .description(description)
        .action(async (options: Options) => {
            process.exitCode = await run(options);
        });
}

command(
    "up",
    "build or download missing parts, clean up after a killed run, then run `pulumi up`",
    async (options: UpOptions) => (await import("./up.js")).up(options),
)
    .addOption(stackOption())
    .addOption(parallelOption())
    .addOption(bundleOption())
    .option("--expect-no-changes", "fail if a resource has to change", false)
    .option("--refresh", "read what really exists before comparing it with the program", false)
    .option("--take-over", "remove a lab of the same name that another checkout or user has made, first", false)
    .option("--replace", "take the lab away first where it cannot take a change of the configuration", false)
    .option("--no-record", "keep no record of the run");

command("down", "run `pulumi destroy`, then remove the stack", async (options: DownOptions) =>
    (await import("./down.js")).down(options),
)
    .addOption(stackOption())
    .addOption(parallelOption())
    .option("--take-over", "remove the lab even if another checkout or user has made it", false);

command(
    "env",
    "print shell lines for eval, after which plain `pulumi` and `kubectl` work in that shell",
    async ({ stack }: { stack: string }) => {
        const { environmentLines } = await import("./env.js");
        process.stdout.write(`${(await environmentLines(stack)).join("\n")}\n`);
        return 0;
    },
).addOption(stackOption());

command("setup", "build or download missing parts, and do nothing else", async (options: SetupOptions) =>
    (await import("./setup.js")).setup(options),
)
    .addOption(stackOption())
    .addOption(
        new Option("--for <purpose>", "what the parts are needed for").choices(["preview", "up", "test"]).default("up"),
    )
    .option("--observability", "with the images of the key `observability`, whatever the stack says")
    .addOption(bundleOption());

command(
    "bundle",
    "put all that a lab needs into one file, for `npm run up -- --bundle FILE` on a machine without a network",
    async (options: BundleOptions) => (await import("./bundle.js")).bundle(options),
)
    .addOption(stackOption())
    .option("--out <file>", "file that is made, from the top of the checkout", ".lab/bundle.tar");

command(
    "doctor",
    "say what was found where, what is missing, and what `npm run up` would do about it",
    async (options: DoctorOptions) => (await import("./doctor.js")).doctor(options),
).addOption(stackOption());

command("docs", "print Pulumi.yaml's config block and docs/configuration.md from plan/config/keys.ts", async () =>
    (await import("./docs.js")).docs(),
);

program
    .command("kubeconfig")
    .argument("[cluster]", "name of a workload cluster; without it, the management cluster")
    .description("write a cluster's kubeconfig, ready for use on this machine, and print its path")
    .addOption(stackOption())
    .option(
        "--forward",
        "where a workload cluster is reached from within the management cluster alone: open a port of this machine " +
            "that leads to it, and keep it open until Ctrl-C",
        false,
    )
    .action(async (cluster: string | undefined, { stack, forward }: { stack: string; forward: boolean }) => {
        const { kubeconfig } = await import("./kubeconfig.js");
        process.exitCode = await kubeconfig({ stack, forward, ...(cluster === undefined ? {} : { cluster }) });
    });

const kubeconfigOption = (): Option =>
    new Option("--kubeconfig <file>", "the management cluster's kubeconfig, where the lab's state is not at hand");

command("status", "say where the lab stands, and what holds it up", async (options: StatusOptions) =>
    (await import("./status.js")).status(options),
)
    .addOption(stackOption())
    .option("-w, --watch", "look again every 10 s, until Ctrl-C", false)
    .option("--json", "print it as JSON, a line for each look", false)
    .addOption(kubeconfigOption())
    .option("--exit-code", "end with 2 while something is not where it should be", false);

program
    .command("describe")
    .argument("<name>", "name of a host or a cluster")
    .description("say of one host or cluster how it is, what holds it up, and what has happened to it")
    .addOption(stackOption())
    .addOption(new Option("--kind <kind>", "what it is, where a host and a cluster have one name").choices(THINGS))
    .addOption(sinceOption())
    .option("--json", "print it as JSON", false)
    .addOption(kubeconfigOption())
    .action(async (name: string, options: DescribeOptions) => {
        process.exitCode = await (await import("./describe.js")).describe(name, options);
    });

command(
    "logs",
    "print what all parts have logged of one host or cluster, in the order of time",
    async (options: LogsOptions) => (await import("./logs.js")).logs(options),
)
    .addOption(stackOption())
    .option("--host <name>", "name of a host: its way through the queue, BMO, Ironic, its BMC and its agent")
    .option("--cluster <name>", "name of a cluster: its way through Cluster API's controllers and FKAS")
    .addOption(sinceOption())
    .addOption(kubeconfigOption());

benchOptions(
    command("bench", "make labs of several sizes one after another, and measure them", async (options: BenchOptions) =>
        (await import("./bench.js")).bench(options),
    ),
);

capacityOptions(
    command("capacity", "look for the largest lab that this machine holds", async (options: CapacityOptions) =>
        (await import("./capacity.js")).capacity(options),
    ),
);

program
    .command("report")
    .argument("[record]", "record of a run, a file in .lab/records")
    .description("draw the record of a run, or two that are compared: HTML, JSON, and Markdown for a pull request")
    .option("--compare <records...>", "two records, A and B; several of the same lab are separated by commas")
    .addOption(thresholdsOption())
    .addOption(junitOption())
    .option("--out <folder>", "folder of the report, from the top of the checkout; default: .lab/reports/RECORD")
    .action(async (record: string | undefined, options: ReportOptions) => {
        process.exitCode = await (await import("./report.js")).report(record, options);
    });

program
    .command("pictures")
    .argument("<record>", "record of a run, a file in .lab/records")
    .description("take pictures of the report of a record, and of the status of a lab that is up")
    .option("--stack <name>", "stack of the lab whose status is taken; default: none is")
    .option("--out <folder>", "folder of the pictures, from the top of the checkout", "docs/pictures")
    .action(async (record: string, options: PicturesOptions) => {
        process.exitCode = await (await import("./pictures.js")).pictures(record, options);
    });

testOptions(
    command(
        "test",
        "check types and style and run all tests that need no lab; results as JSON go to .lab/test",
        async (options: TestOptions) => (await import("./test.js")).test(options),
    ),
);

command(
    "preview-comment",
    "preview what a change does to a lab, and write it in words, for a pull request's comment",
    async (options: PreviewCommentOptions) => (await import("./preview-comment.js")).previewComment(options),
)
    .option("--base <commit>", "compare the stack files with those of this commit")
    .addOption(
        new Option(
            "--stacks <names>",
            "stacks, separated by commas; default: those whose files differ from the base, and the default one",
        ).argParser(list),
    )
    .addOption(
        new Option(
            "--machine <cores,GiB>",
            "machine for which is predicted what a stack takes that has no lab here; default: that of the measurements",
        ).env("METAL3_SCALE_LAB_MACHINE"),
    )
    .option("--out <file>", "file for the note that `npm run post` posts", "preview.json");

command(
    "drift",
    "say in words where a lab differs from its configuration; nothing is changed",
    async (options: DriftOptions) => (await import("./drift.js")).drift(options),
)
    .addOption(stackOption())
    .option("--out <file>", "file for the note that `npm run post` posts", "drift.json");

command("post", "post a note of preview-comment or drift on GitHub", async (options: PostOptions) =>
    (await import("./post.js")).post(options),
)
    .requiredOption("--file <file>", "file of the note")
    .addOption(
        new Option("--pull <number>", "pull request that gets the comment; without it, an issue").argParser(positive),
    )
    .option("--summary", "write it to the summary of the workflow's run instead", false);

command(
    "publish-images",
    "push the images of fake-ipa, sushy-tools and FKAS to a registry",
    async (options: PublishOptions) => (await import("./publish-images.js")).publishImages(options),
)
    .requiredOption("--registry <name>", "registry and path: ghcr.io/owner/repository")
    .requiredOption("--tag <version>", "version of the images: v1.2.0");

// A test reads the command line without running it.
if (require.main === module) {
    program.parseAsync().catch(async (error: unknown) => {
        await new Progress().failure(error);
        process.exitCode = error instanceof StoppedError ? INTERRUPTED : 1;
    });
}
