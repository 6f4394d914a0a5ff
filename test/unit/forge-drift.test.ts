import { expect } from "chai";
import { driftMarker, driftText, hasDrifted, type Drift } from "../../cli/forge/drift-text";
import { LONGEST_TEXT } from "../../cli/forge/list";
import type { Change } from "../../cli/forge/preview";

const change = (more: Partial<Change>): Change => ({
    op: "update",
    kind: "Deployment",
    name: "fkas-0",
    fields: ["spec"],
    gone: false,
    ...more,
});
const lab = (changes: Change[], more: Partial<Drift> = {}): Drift => ({
    stack: "dev",
    stopped: [],
    preview: { changes, said: [], failures: [] },
    ...more,
});

describe("The drift of a lab in words", () => {
    const rows: [string, Change, string][] = [
        ["was changed by hand", change({}), "- Deployment `fkas-0` differs in `spec`: `up` sets that back."],
        [
            "was removed by hand",
            change({ op: "create", kind: "BareMetalHost", name: "host-0003", gone: true, fields: [] }),
            "- BareMetalHost `host-0003` is gone: `up` makes it again.",
        ],
        [
            "a newer configuration wants",
            change({ op: "create", kind: "BareMetalHost", name: "host-0004", fields: [] }),
            "- BareMetalHost `host-0004` was never made: `up` makes it.",
        ],
        [
            "a newer configuration has no more",
            change({ op: "delete", kind: "Cluster", name: "cluster-0001", fields: [] }),
            "- Cluster `cluster-0001` is there, and not in the configuration: `up` removes it.",
        ],
        [
            "cannot be changed in place",
            change({ op: "replace", kind: "Container", name: "pair-000", fields: ["image"] }),
            "- Container `pair-000` differs in `image`: `up` replaces it.",
        ],
    ];
    for (const [what, one, line] of rows) {
        it(`says of what ${what} what is different, and what up does about it`, () => {
            const text = driftText(lab([one]));
            expect(text.split("\n")).to.include(line).and.include(driftMarker("dev"));
            expect(text).to.include("1 resource of it").and.include("npm run up -- --refresh");
            expect(hasDrifted(lab([one]))).to.equal(true);
        });
    }

    it("names containers that stand still, and why nothing could be compared", () => {
        const drift = lab([], {
            stopped: [{ name: "m3lab-dev-control-plane", status: "Exited (137) 2 hours ago" }],
            preview: { changes: [], said: [], failures: ["the cluster does not answer"] },
        });
        expect(hasDrifted(drift)).to.equal(true);
        expect(driftText(drift))
            .to.include("`m3lab-dev-control-plane` stands still: Exited (137) 2 hours ago.")
            .and.include("It could not be compared:")
            .and.include("the cluster does not answer");
    });

    it("says that a lab is as it should be, and only then", () => {
        expect(hasDrifted(lab([]))).to.equal(false);
        expect(driftText(lab([])))
            .to.include("is as its configuration says")
            .and.not.include("npm run up");
    });

    it("is cut where the forge would cut it, and says still what to do", () => {
        const text = driftText(lab(Array.from({ length: 5000 }, (_, index) => change({ name: `fkas-${index}` }))));
        expect(Buffer.byteLength(text)).to.be.at.most(LONGEST_TEXT);
        expect(text).to.match(/… and \d+ more: the list is cut\n\n`npm run up -- --refresh`/);
    });
});
