import { readFileSync } from "node:fs";
import { expect } from "chai";
import { chromium } from "../../cli/pictures/chromium";
import { terminalPage } from "../../cli/pictures/terminal";
import { UserError } from "../../plan/user-error";
import { repoPath } from "../../toolchain/paths";

/** Width and height of a PNG file, pixels: the first two numbers of its header (PNG specification, 11.2.2). */
function sizeOf(file: string): [number, number] {
    const bytes = readFileSync(repoPath("docs", "pictures", file));
    expect(bytes.subarray(1, 4).toString()).to.equal("PNG");
    return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe("The pictures of a report and of a lab's status", () => {
    it("show lines as a terminal does, whatever characters are in them", () => {
        const page = terminalPage("npm run status", ["All is where it should be", "  a <b> & c"]);
        expect(page).to.include("<b>$ npm run status</b>\nAll is where it should be\n  a &lt;b&gt; &amp; c</pre>");
    });

    it("are refused with what to install, where no browser is there and none may be installed", async () => {
        const { PATH } = process.env;
        process.env["PATH"] = "/nowhere";
        try {
            const refused: unknown = await chromium(() => undefined).catch((error: unknown) => error);
            expect(refused).to.be.instanceOf(UserError);
            expect((refused as Error).message).to.include("sudo apt-get install chromium");
        } finally {
            process.env["PATH"] = PATH;
        }
    });

    it("of the documents are a desktop's window, light and dark, and a phone's at two pixels each", () => {
        expect(sizeOf("report-light.png")).to.deep.equal([1100, 1500]);
        expect(sizeOf("report-dark.png")).to.deep.equal([1100, 1500]);
        expect(sizeOf("report-phone.png")).to.deep.equal([780, 1688]);
    });
});
