import { readFile, writeFile } from "node:fs/promises";
import { configurationDocument, pulumiConfigBlock } from "../plan/config/print";
import { existingRole } from "../plan/existing-rights";
import { repoPath } from "../toolchain/paths";
import { DASHBOARDS } from "./dashboards/dashboards";
import { grafanaDashboard } from "./dashboards/grafana";
import { capacityDocument, fittedDocument } from "./prediction-document";
import { reportDocument, reportJsonSchema } from "./report/document";

/** A file that is printed from what the program knows, in whole or from its `config:` block on. */
interface PrintedFile {
    path: string;
    /** @param current the file as it is now */
    print: (current: string) => string;
}

const CONFIG_BLOCK = /^config:\n[\s\S]*$/m;

/** The files that `npm run docs` prints. */
export const PRINTED_FILES: readonly PrintedFile[] = [
    { path: "Pulumi.yaml", print: (current) => current.replace(CONFIG_BLOCK, () => pulumiConfigBlock()) },
    { path: "docs/configuration.md", print: configurationDocument },
    { path: "docs/existing-role.yaml", print: existingRole },
    { path: "docs/report.md", print: reportDocument },
    { path: "plan/prediction/data/fitted.json", print: fittedDocument },
    { path: "docs/capacity.md", print: capacityDocument },
    { path: "docs/report.schema.json", print: reportJsonSchema },
    ...DASHBOARDS.map((each) => ({
        path: `metrics/dashboards/${each.name}.json`,
        print: () => grafanaDashboard(each),
    })),
];

/** What a printed file should hold, formatted as `npm test` wants it. */
export async function printed({ path, print }: PrintedFile): Promise<string> {
    const prettier = await import("prettier");
    const file = repoPath(path);
    const options = await prettier.resolveConfig(file);
    return prettier.format(print(await readFile(file, "utf8").catch(() => "")), { ...options, filepath: file });
}

/** `npm run docs`: prints the files anew. @returns the exit code */
export async function docs(): Promise<number> {
    for (const each of PRINTED_FILES) {
        await writeFile(repoPath(each.path), await printed(each));
        process.stdout.write(`${each.path} printed\n`);
    }
    return 0;
}
