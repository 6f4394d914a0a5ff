import { compare } from "bcryptjs";
import { expect } from "chai";
import * as fc from "fast-check";
import { DIGITS, LOWER, SPECIAL, UPPER, complaint, draw } from "../../plugins/random/characters";
import { randomProvider } from "../../plugins/random/provider";
import { Harness, Json, UNKNOWN, failure, secret } from "./harness";

const PASSWORD = "random:index/randomPassword:RandomPassword";

const rules = fc.record({
    length: fc.integer({ min: 1, max: 64 }),
    lower: fc.boolean(),
    upper: fc.boolean(),
    numeric: fc.boolean(),
    special: fc.boolean(),
    minLower: fc.integer({ min: 0, max: 8 }),
    minUpper: fc.integer({ min: 0, max: 8 }),
    minNumeric: fc.integer({ min: 0, max: 8 }),
    minSpecial: fc.integer({ min: 0, max: 8 }),
});
const count = (text: string, alphabet: string): number =>
    [...text].filter((character) => alphabet.includes(character)).length;

describe("random characters", () => {
    it("have the length, at least the minimums, and nothing from a class that is off", () => {
        fc.assert(
            fc.property(
                rules.filter((candidate) => complaint(candidate) === undefined),
                (valid) => {
                    const text = draw(valid);
                    expect(text).to.have.length(valid.length);
                    for (const [alphabet, on, minimum] of [
                        [LOWER, valid.lower, valid.minLower],
                        [UPPER, valid.upper, valid.minUpper],
                        [DIGITS, valid.numeric, valid.minNumeric],
                        [SPECIAL, valid.special, valid.minSpecial],
                    ] as const) {
                        expect(count(text, alphabet)).to.be.at.least(minimum);
                        if (!on) {
                            expect(count(text, alphabet)).to.equal(minimum);
                        }
                    }
                },
            ),
        );
    });

    it("cannot be drawn by rules that contradict themselves, and the complaint says why", () => {
        fc.assert(
            fc.property(rules, (candidate) => {
                const minimums = candidate.minLower + candidate.minUpper + candidate.minNumeric + candidate.minSpecial;
                const none = !candidate.lower && !candidate.upper && !candidate.numeric && !candidate.special;
                expect(complaint(candidate) !== undefined).to.equal(
                    candidate.length < minimums || (none && candidate.length > minimums),
                );
            }),
        );
    });

    it("come from overrideSpecial where it is given", () => {
        const text = draw({
            length: 200,
            lower: false,
            upper: false,
            numeric: false,
            special: true,
            minLower: 0,
            minUpper: 0,
            minNumeric: 0,
            minSpecial: 0,
            overrideSpecial: "_-",
        });
        expect(text)
            .to.match(/^[_-]{200}$/)
            .and.to.contain("_")
            .and.to.contain("-");
    });

    it("are spread evenly: 20,000 digits, each within five standard deviations of 2,000", () => {
        const text = draw({
            length: 20_000,
            lower: false,
            upper: false,
            numeric: true,
            special: false,
            minLower: 0,
            minUpper: 0,
            minNumeric: 0,
            minSpecial: 0,
        });
        for (const digit of DIGITS) {
            expect(count(text, digit)).to.be.within(2000 - 5 * 42.5, 2000 + 5 * 42.5);
        }
    });
});

describe("random provider", () => {
    let provider: Harness;
    before(async () => {
        provider = await Harness.start(randomProvider);
    });
    after(() => provider.stop());

    it("makes a password whose result and hash are secret and fit each other", async () => {
        const inputs = await provider.checked(PASSWORD, { length: 24, special: false });
        const { id, outputs } = await provider.create(PASSWORD, inputs);
        const result = outputs["result"] as Json;
        const hash = outputs["bcryptHash"] as Json;
        expect(id).to.equal("none");
        expect(result).to.deep.equal(secret(result["value"]));
        expect(result["value"]).to.match(/^[A-Za-z0-9]{24}$/);
        expect(hash).to.deep.equal(secret(hash["value"]));
        expect(await compare(result["value"] as string, hash["value"] as string)).to.equal(true);
        expect(outputs).to.include({
            length: 24,
            special: false,
            lower: true,
            numeric: true,
            number: true,
            minUpper: 0,
        });
    });

    it("hashes a password of more than 72 bytes by its first 72, as the official provider", async () => {
        const { outputs } = await provider.create(PASSWORD, await provider.checked(PASSWORD, { length: 100 }));
        const value = (outputs["result"] as Json)["value"] as string;
        expect(await compare(value.slice(0, 72), (outputs["bcryptHash"] as Json)["value"] as string)).to.equal(true);
    });

    it("does not know the result in a preview, and keeps it a secret there", async () => {
        const { id, outputs } = await provider.create(
            PASSWORD,
            await provider.checked(PASSWORD, { length: 8, keepers: { a: UNKNOWN } }),
            true,
        );
        expect(id).to.equal("");
        expect(outputs["result"]).to.deep.equal(secret(UNKNOWN));
        expect(outputs).to.deep.include({ keepers: { a: UNKNOWN }, lower: true, minUpper: 0, numeric: true });
    });

    it("adds neither defaults nor a note of them to the inputs, as the official plugin", async () => {
        expect(await provider.checked(PASSWORD, { length: 8 })).to.deep.equal({ length: 8 });
    });

    it("finds no change in a state of an older version, whose inputs hold defaults and a note of them", async () => {
        const inputs = await provider.checked(PASSWORD, { length: 8 });
        const older = {
            __defaults: ["lower", "minLower", "minNumeric", "minSpecial", "minUpper", "special", "upper"],
            length: 8,
            lower: true,
            minLower: 0,
            minNumeric: 0,
            minSpecial: 0,
            minUpper: 0,
            special: true,
            upper: true,
        };
        expect((await provider.diff(PASSWORD, older, inputs)).changes).to.equal("none");
        const { id, outputs } = await provider.create(PASSWORD, inputs);
        const read = await provider.read(PASSWORD, id, outputs, older);
        expect(read.inputs).to.not.have.property("__defaults");
        expect((await provider.diff(PASSWORD, read.inputs, inputs)).changes).to.equal("none");
    });

    const replacing: [string, Json][] = [
        ["length", { length: 9 }],
        ["keepers", { length: 8, keepers: { a: "1" } }],
        ["special", { length: 8, special: false }],
        ["lower", { length: 8, lower: false }],
        ["upper", { length: 8, upper: false }],
        ["numeric", { length: 8, numeric: false }],
        ["number", { length: 8, number: false }],
        ["minLower", { length: 8, minLower: 1 }],
        ["minSpecial", { length: 8, minSpecial: 1 }],
        ["overrideSpecial", { length: 8, overrideSpecial: "!" }],
        ["keepers", { length: 8, keepers: { a: UNKNOWN } }],
    ];
    for (const [name, news] of replacing) {
        it(`replaces when ${name} becomes ${JSON.stringify(news[name])}`, async () => {
            const diff = await provider.diff(
                PASSWORD,
                await provider.checked(PASSWORD, { length: 8 }),
                await provider.checked(PASSWORD, news),
            );
            expect(diff).to.include({ changes: "some", deleteBeforeReplace: false });
            expect(diff.replaces).to.deep.equal([name]);
        });
    }

    const refused: [string, Json, RegExp][] = [
        ["no length", {}, /length is required/],
        ["length 0", { length: 0 }, /length must be at least 1, but is 0/],
        ["a length that is a text", { length: "8" }, /length must be a whole number, but is a string/],
        ["half a character", { length: 1.5 }, /length must be a whole number/],
        [
            "minimums beyond the length",
            { length: 3, minLower: 2, minUpper: 2 },
            /length must be at least .* = 4, but is 3/,
        ],
        ["all classes off", { length: 3, lower: false, upper: false, numeric: false, special: false }, /all false/],
        ["number against numeric", { length: 3, number: true, numeric: false }, /must not differ/],
        [
            "a property that is none",
            { length: 3, lenght: 4 },
            /lenght is not a property of random:index\/randomPassword/,
        ],
    ];
    for (const [what, inputs, message] of refused) {
        it(`refuses ${what}`, async () => {
            const { failures } = await provider.check(PASSWORD, inputs);
            expect(failures.map((found) => found.reason).join("\n")).to.match(message);
        });
    }

    it("says all that is wrong at once", async () => {
        const { failures } = await provider.check(PASSWORD, { minLower: -1, upper: "yes", bogus: 1 });
        expect(failures.map((found) => found.property).sort()).to.deep.equal(["bogus", "length", "minLower", "upper"]);
    });

    it("reads what is in the state as it is", async () => {
        const inputs = await provider.checked(PASSWORD, { length: 8 });
        const { id, outputs } = await provider.create(PASSWORD, inputs);
        const read = await provider.read(PASSWORD, id, outputs, inputs);
        expect(read.outputs).to.deep.equal(outputs);
        expect(read.inputs).to.deep.equal(inputs);
    });

    it("refuses an import", async () => {
        expect((await failure(provider.read(PASSWORD, "supersecret"))).message)
            .to.match(/RandomPassword cannot be imported with this replacement plugin/)
            .and.to.not.contain("supersecret");
    });

    it("names the tokens it serves when asked for another", async () => {
        expect((await failure(provider.check("random:index/randomPet:RandomPet", {}))).message).to.match(
            /randomPet:RandomPet is not served .*randomPassword/,
        );
    });
});
