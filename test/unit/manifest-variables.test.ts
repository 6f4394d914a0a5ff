import { expect } from "chai";
import * as fc from "fast-check";
import { ManifestError, parseManifests } from "../../plan/manifests/documents";
import { expandVariables } from "../../plan/manifests/variables";

describe("The expansion of variables in manifests", () => {
    const rows: [string, string, Record<string, string>, string][] = [
        ["a default", "a: ${A:=1}", {}, "a: 1"],
        ["a default with colons", "a: ${A:=:8443}", {}, "a: :8443"],
        ["an empty default", "a: ${A:=}", {}, "a: "],
        ["a quoted default stays quoted", "a: ${A:='false'}", {}, "a: 'false'"],
        ["quotes around stay", 'a: "${A:=x}"', {}, 'a: "x"'],
        ["the other forms of a default", "${A=1} ${B:-2} ${C-3}", {}, "1 2 3"],
        ["a value before a default", "a: ${A:=1}", { A: "2" }, "a: 2"],
        ["every use of a variable", "${A:=1},${A:=9}", { A: "2" }, "2,2"],
        ["within a list of gates", "--g=X=${X:=true},Y=${Y:=false}", { Y: "true" }, "--g=X=true,Y=true"],
        ["no variable at all", "pattern: ^[a-z]$ $x {y}", {}, "pattern: ^[a-z]$ $x {y}"],
    ];
    for (const [name, text, values, expected] of rows) {
        it(`expands ${name}`, () => expect(expandVariables(text, values)).to.equal(expected));
    }

    it("keeps a quoted default a string in YAML", () => {
        const text =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  fast: ${F:='false'}\n  port: ${P:=80}\n";
        expect(parseManifests(expandVariables(text), "x")[0]?.data).to.deep.equal({ fast: "false", port: 80 });
    });

    it("names every problem at once", () => {
        expect(() => expandVariables("${A} ${B} ${C:=1}", { D: "1", C: "x\ny" }))
            .to.throw(ManifestError)
            .with.property("message")
            .that.includes("A has neither")
            .and.includes("B has neither")
            .and.includes("D is given but not used")
            .and.includes("the value of C cannot stand inside a YAML scalar");
    });

    it("leaves no variable that has a default", () => {
        const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
        const fallback = fc.stringMatching(/^[a-z0-9:.=,-]{0,12}$/);
        fc.assert(
            fc.property(fc.array(fc.tuple(name, fallback)), (variables) => {
                const text = variables.map(([key, value]) => `\${${key}:=${value}}`).join("|");
                expect(expandVariables(text)).to.equal(variables.map(([, value]) => value).join("|"));
            }),
        );
    });
});
