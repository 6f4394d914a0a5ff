import { expect } from "chai";
import * as fc from "fast-check";
import { stackChange } from "../../cli/forge/key-changes";
import { cutLines, LONGEST_TEXT } from "../../cli/forge/list";
import { readPreview, type Change, type Preview } from "../../cli/forge/preview";
import { PREVIEW_MARKER, previewText, type StackPreview } from "../../cli/forge/preview-text";

const urn = (type: string, name: string): string =>
    `urn:pulumi:dev::metal3-scale-lab::metal3lab:index:Lab$${type}::${name}`;
const HOST = "kubernetes:metal3.io/v1alpha1:BareMetalHost";

/** What Pulumi writes of a preview, in the shape that Pulumi 3.259 has. */
const digest = (steps: object[], diagnostics: object[] = []): string => JSON.stringify({ steps, diagnostics });

describe("The preview of a change", () => {
    it("names each resource that changes, and none that stays", () => {
        const { changes } = readPreview(
            digest([
                { op: "same", urn: urn(HOST, "host-0000") },
                { op: "create", urn: urn(HOST, "host-0004") },
                { op: "update", urn: urn("kubernetes:apps/v1:Deployment", "fkas-0"), diffReasons: ["spec"] },
                { op: "delete", urn: urn(HOST, "host-0009") },
                // Groups and providers are nothing that a lab has.
                { op: "create", urn: urn("metal3lab:index:FakeNodePair", "pair-001") },
                { op: "create", urn: urn("pulumi:providers:kubernetes", "charts") },
            ]),
        );
        expect(changes.map(({ op, kind, name, fields }) => [op, kind, name, ...fields])).to.deep.equal([
            ["create", "BareMetalHost", "host-0004"],
            ["update", "Deployment", "fkas-0", "spec"],
            ["delete", "BareMetalHost", "host-0009"],
        ]);
    });

    it("counts a replacement once, with the property that forces it", () => {
        const container = urn("docker:index/container:Container", "kubernetes-control-plane");
        const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => ({
            op,
            urn: container,
            replaceReasons: ["image"],
        }));
        const [change, ...others] = readPreview(digest(steps)).changes;
        expect(change).to.deep.include({ op: "replace", kind: "Container", fields: ["image"] });
        expect(others).to.deep.equal([]);
    });

    it("with a refresh, takes what an up would do, and knows what is gone from what is new", () => {
        const deployment = urn("kubernetes:apps/v1:Deployment", "fkas-0");
        const { changes } = readPreview(
            digest([
                { op: "refresh", urn: urn(HOST, "host-0000") },
                { op: "refresh", urn: urn(HOST, "host-0001") },
                { op: "update", urn: deployment, detailedDiff: { status: {} } },
                { op: "create", urn: urn(HOST, "host-0000") },
                { op: "update", urn: urn(HOST, "host-0001"), detailedDiff: { "spec.online": {} } },
                { op: "same", urn: deployment },
                { op: "create", urn: urn(HOST, "host-0004") },
            ]),
        );
        expect(changes.map(({ name, gone, fields }) => [name, gone, ...fields])).to.deep.equal([
            ["host-0000", true],
            ["host-0001", false, "spec.online"],
            ["host-0004", false],
        ]);
    });

    it("has what the program said of it, and why it failed, each once", () => {
        const error = { severity: "error", message: "error: The configuration cannot work (1 problem)\n" };
        const { said, failures } = readPreview(
            digest([], [{ severity: "info", message: "+4 hosts; rolls nothing" }, error, error]),
        );
        expect(said).to.deep.equal(["+4 hosts; rolls nothing"]);
        expect(failures).to.deep.equal(["The configuration cannot work (1 problem)"]);
    });
});

describe("The change of a stack's file in words", () => {
    const change = stackChange(
        "dev",
        { nodes: "4", clusters: "2" },
        { nodes: "20", clusters: "2", cleaning: "metadata" },
    );

    it("says of each key what it was, what it becomes, and what that does to a lab that is up", () => {
        expect(change.keys).to.have.length(2);
        expect(change.keys[0]).to.match(/^`cleaning`: `disabled` \(the default\) → `metadata`\. Converges: /);
        expect(change.keys[1]).to.match(/^`nodes`: `4` → `20`\. Converges: adds hosts/);
    });

    it("says what comes and what goes, without a lab", () =>
        expect(change.summary).to.equal(
            "+16 hosts (host-0004 to host-0019); rolls nothing; replaces no host and no cluster",
        ));

    it("predicts what that takes, for the machine of the measurements or for one that is named", () => {
        const of = (machine?: { cores: number; memoryGib: number }): string =>
            stackChange("dev", {}, { nodes: "2000", clusters: "2000" }, machine).predicted ?? "";
        expect(of()).to.match(/^predicted: does not fit: comes to no end; .*; 2 cores and 24 GiB hold about \d+ hosts/);
        expect(of({ cores: 16, memoryGib: 128 })).to.match(/^predicted: takes about .*: fits 16 cores and 128 GiB$/);
        expect(stackChange("dev", {}, { apiPort: "16001" }).predicted).to.equal(undefined);
    });

    it("shows no secret, takes an unknown key as it is, and has no summary of what cannot work", () => {
        const wrong = stackChange("dev", { a: '{"secure":"v1:x"}' }, { a: '{"secure":"v1:y"}', nodes: "few" });
        expect(wrong.keys[0]).to.equal("`a`: a secret → a secret.");
        expect(wrong.summary).to.equal(undefined);
    });

    it("says nothing of a file that is new", () =>
        expect(stackChange("new", undefined, { nodes: "4" })).to.deep.equal({ keys: [], summary: undefined }));
});

describe("The comment of a pull request", () => {
    const made = (count: number): Change[] =>
        Array.from({ length: count }, (_, index) => ({
            op: "create",
            kind: "BareMetalHost",
            name: `host-${String(index).padStart(4, "0")}`,
            fields: [],
            gone: false,
        }));
    const seen = (changes: Change[], more: Partial<Preview> = {}): Preview => ({
        changes,
        said: [`+${changes.length} hosts; rolls nothing`],
        failures: [],
        ...more,
    });
    const of = (stack: string, preview: Preview, more: Partial<StackPreview> = {}): StackPreview => ({
        stack,
        change: undefined,
        known: true,
        preview,
        ...more,
    });

    it("has the words before the list, and the list in full where there is room", () => {
        const text = previewText([of("dev", seen(made(2)))]);
        expect(text).to.include(PREVIEW_MARKER).and.include("- 2 resources made: 2 BareMetalHost");
        expect(text.indexOf("**The lab: +2 hosts; rolls nothing**")).to.be.within(1, text.indexOf("host-0000"));
        expect(text).to.include("+ BareMetalHost host-0001").and.not.include("more");
    });

    it("keeps all words of every stack where the lists are too long, and says how much each leaves out", () => {
        const text = previewText([of("thousand", seen(made(9000))), of("dev", seen(made(5000)))]);
        expect(Buffer.byteLength(text)).to.be.at.most(LONGEST_TEXT);
        expect(Buffer.byteLength(text)).to.be.above(LONGEST_TEXT * 0.9);
        expect(text).to.include("+9000 hosts").and.include("+5000 hosts");
        const left = [...text.matchAll(/… and (\d+) more: the list is cut/g)].map(([, count]) => Number(count));
        const shown = text.split("\n").filter((line) => line.startsWith("+ BareMetalHost")).length;
        expect(left).to.have.length(2);
        expect(shown + left.reduce((sum, count) => sum + count, 0)).to.equal(14_000);
    });

    it("says of a stack that no state knows what it does to a lab that is up, and to one from nothing", () => {
        const change = { keys: ["`nodes`: `4` → `8`."], summary: "+4 hosts", predicted: "predicted: takes no time" };
        const text = previewText([of("dev", seen(made(8)), { known: false, change })]);
        expect(text).to.include("**A lab that is up: +4 hosts.**").and.include("**A lab from nothing: +8 hosts");
        expect(text).to.include("- `nodes`: `4` → `8`.").and.include("A lab that is up, predicted: takes no time.");
    });

    it("says why a preview failed, in words that no message can break out of", () => {
        const failures = ["nodes = few: must be a whole number\n```\n# not ours"];
        const text = previewText([of("dev", seen([], { said: [], failures }))]);
        expect(text).to.include("The preview failed").and.include("nodes = few: must be a whole number");
        expect(text.match(/```/g)).to.have.length(2);
        expect(text).to.not.include("No resource changes");
    });

    it("never is longer than the forge takes, whatever there is to say", () => {
        const stacks = fc.array(
            fc.record({ count: fc.nat(400), keys: fc.nat(60), failure: fc.string({ maxLength: 9000 }) }),
            { minLength: 1, maxLength: 8 },
        );
        fc.assert(
            fc.property(stacks, fc.integer({ min: 600, max: 20_000 }), (all, longest) => {
                const text = previewText(
                    all.map(({ count, keys, failure }, index) =>
                        of(`stack-${index}`, seen(made(count), { failures: failure === "" ? [] : [failure] }), {
                            change: { keys: Array.from({ length: keys }, () => "`nodes`: `4` → `8`."), summary: "é" },
                        }),
                    ),
                    longest,
                );
                expect(Buffer.byteLength(text)).to.be.at.most(longest);
            }),
        );
    });

    it("cuts a list between lines, and counts what it leaves out", () => {
        const lists = fc.array(fc.string({ maxLength: 30 }).map((text) => text.replaceAll("\n", " ")));
        fc.assert(
            fc.property(lists, fc.integer({ min: 60, max: 600 }), (lines, room) => {
                const kept = cutLines(lines, room);
                expect(Buffer.byteLength(kept.join("\n"))).to.be.at.most(room);
                const left = /^… and (\d+) more: the list is cut$/.exec(kept.at(-1) ?? "")?.[1];
                const whole = left === undefined ? kept : kept.slice(0, -1);
                expect(whole).to.deep.equal(lines.slice(0, whole.length));
                expect(whole.length + Number(left ?? 0)).to.equal(lines.length);
            }),
        );
    });
});
