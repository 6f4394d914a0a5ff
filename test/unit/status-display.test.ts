import { EventEmitter } from "node:events";
import { expect } from "chai";
import { appending, canRedraw, fitted, redrawing, type Screen } from "../../cli/status/display";

/** A terminal of so many columns and rows that remembers what was written. */
function terminal(columns: number, rows: number) {
    const written: string[] = [];
    const screen = Object.assign(new EventEmitter(), {
        isTTY: true,
        columns,
        rows,
        write: (text: string) => (written.push(text), true),
    });
    return { screen: screen as unknown as Screen & EventEmitter & { columns: number }, written };
}

describe("The display of status", () => {
    it("appends plain lines where there is no terminal", () => {
        const { screen, written } = terminal(80, 24);
        const display = appending(screen);
        display.show(["one", "two"]);
        display.show(["three"]);
        display.end();
        expect(written).to.deep.equal(["one\ntwo\n", "three\n"]);
    });

    it("appends them, too, where a terminal has no size", () => {
        expect(canRedraw({ isTTY: true, columns: 80, rows: 24 })).to.equal(true);
        expect(canRedraw({ isTTY: true, columns: 0, rows: 0 })).to.equal(false);
        expect(canRedraw({ columns: 80, rows: 24 })).to.equal(false);
    });

    it("draws in place on a terminal: only what has changed, and all of it anew when the terminal changes", () => {
        const { screen, written } = terminal(40, 10);
        const display = redrawing(screen);
        display.show(["verdict", "first"]);
        const before = written.join("");
        expect(before).to.include("verdict\nfirst");
        written.length = 0;
        display.show(["verdict", "first"]);
        expect(written.join(""), "nothing flickers").to.equal("");
        display.show(["verdict", "second"]);
        expect(written.join("")).to.include("second").and.not.include("first");
        written.length = 0;
        screen.columns = 5;
        screen.emit("resize");
        expect(written.join("")).to.include("verd…");
        display.end();
        expect(screen.listenerCount("resize")).to.equal(0);
    });

    it("leaves out what a terminal has no room for, from the end, and cuts wide lines", () => {
        const lines = ["the verdict", "a", "b", "c", "d"];
        expect(fitted(lines, { columns: 6, rows: 24 })).to.deep.equal(["the v…", "a", "b", "c", "d"]);
        expect(fitted(lines, { columns: 80, rows: 4 })).to.deep.equal(["the verdict", "a", "… 3 more lines"]);
        expect(fitted(lines, { columns: 80, rows: 6 })).to.deep.equal(lines);
    });
});
