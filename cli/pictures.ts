import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
    chromium as engine,
    type Browser,
    type BrowserContextOptions,
    type PageScreenshotOptions,
} from "playwright-core";
import { npmRun } from "../plan/commands";
import { repoPath } from "../toolchain/paths";
import { chromium } from "./pictures/chromium";
import { terminalPage } from "./pictures/terminal";
import { report } from "./report";

export interface PicturesOptions {
    /** Stack of a lab that is up, whose status is drawn as well. Default: none is drawn. */
    stack?: string;
    /** Folder of the pictures, from the top of the checkout. */
    out: string;
}

/** The report in the ways that people look at it: width and height of the window in CSS pixels. */
const REPORTS: Readonly<Record<string, BrowserContextOptions>> = {
    "report-light": { viewport: { width: 1100, height: 1500 }, colorScheme: "light" },
    "report-dark": { viewport: { width: 1100, height: 1500 }, colorScheme: "dark" },
    "report-phone": { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2 },
};

/** The terminal, in CSS pixels. The picture is as high as its lines. */
const TERMINAL = { width: 1100, height: 200 };

/** Longest time for one picture, milliseconds. */
const LIMIT_MS = 60_000;

/** Takes a picture of a page. */
async function picture(
    browser: Browser,
    page: string,
    file: string,
    context: BrowserContextOptions,
    shot: PageScreenshotOptions = {},
): Promise<void> {
    const window = await browser.newContext(context);
    const tab = await window.newPage();
    tab.setDefaultTimeout(LIMIT_MS);
    await tab.goto(pathToFileURL(page).href);
    await tab.screenshot({ ...shot, path: file });
    await window.close();
    const { size } = await stat(file);
    process.stdout.write(`${relative(repoPath(), file)}: ${Math.ceil(size / 1024)} KiB\n`);
}

/** What `npm run status` prints of a lab. It is called as a person calls it. */
async function statusOf(stack: string): Promise<string[]> {
    const { execa } = await import("execa");
    const args = [repoPath("toolchain", "bootstrap.mjs"), "status", "--stack", stack];
    const { stdout } = await execa(process.execPath, args, { cwd: repoPath(), timeout: 2 * LIMIT_MS });
    return stdout.split("\n");
}

/**
 * `npm run pictures`: the report of a record and the status of a lab as pictures, in a real browser. Those of the
 * documents are made with it.
 * @returns the exit code
 */
export async function pictures(record: string, { stack, out }: PicturesOptions): Promise<number> {
    const folder = resolve(repoPath(), out);
    await mkdir(folder, { recursive: true });
    const executablePath = await chromium((text) => process.stderr.write(`${text}\n`));
    // Chromium has no sandbox for root. It opens nothing but the pages that are made here.
    const browser = await engine.launch({ executablePath, args: ["--no-sandbox"], timeout: LIMIT_MS });
    const pages = await mkdtemp(join(tmpdir(), "metal3-scale-lab-pictures-"));
    try {
        await report(record, { out: pages });
        for (const [name, context] of Object.entries(REPORTS)) {
            await picture(browser, join(pages, "report.html"), join(folder, `${name}.png`), context);
        }
        if (stack !== undefined) {
            const page = join(pages, "status.html");
            await writeFile(page, terminalPage(npmRun("status", stack), await statusOf(stack)));
            await picture(browser, page, join(folder, "status.png"), { viewport: TERMINAL }, { fullPage: true });
        }
        return 0;
    } finally {
        await browser.close();
        await rm(pages, { recursive: true });
    }
}
