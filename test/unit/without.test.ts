import { expect } from "chai";
import fc from "fast-check";
import { plan } from "../../plan/plan";
import { profile, SETTINGS, type Profile } from "../../plan/profiles";
import { ConfigurationError, validate } from "../../plan/validate";
import { changesLeftOut, ROWS, withoutDeviations } from "../../plan/without";

const profileOf = (without: readonly string[], more = {}): Profile =>
    plan(validate({ without: JSON.stringify(without), ...more }), "test").profile;

/** Keys and rules of what is wrong. */
const wrong = (raw: Record<string, string>): string[] => {
    try {
        validate(raw);
        return [];
    } catch (error) {
        return (error as ConfigurationError).problems.map(({ key, value, rule }) => `${key} = ${value}: ${rule}`);
    }
};

describe("the deviations that a lab does without", () => {
    it("are none by default", () => {
        expect(profileOf([])).to.deep.equal(plan(validate({}), "test").profile);
    });

    it("give their settings upstream's values, and no other setting", () => {
        const settings = Object.entries(SETTINGS);
        fc.assert(
            fc.property(fc.subarray([...ROWS]), (without) => {
                const [had, has] = [profile("lab", 4), withoutDeviations(profile("lab", 4), without)];
                for (const [name, { deviations, published }] of settings) {
                    const isOut = deviations.every((row) => without.includes(row));
                    expect(has[name as keyof Profile], name).to.deep.equal(
                        isOut ? published : had[name as keyof Profile],
                    );
                }
            }),
        );
        expect(withoutDeviations(profile("lab", 4), ROWS)).to.deep.equal(profile("published", 4));
    });

    it("are told to the conductors, one by one, where they are changes of Ironic's process", () => {
        expect(profileOf(["ironic-password-hash"]).tunedRuntime).to.equal(true);
        expect(changesLeftOut(["ironic-password-hash", "ironic-power-sync"])).to.deep.equal(["ironic-password-hash"]);
    });

    it("are refused where there is none of that name, or only together with another", () => {
        const [unknown, half, ...more] = wrong({ without: '["ironic-gone","cluster-queue"]' });
        expect(unknown).to.match(
            /^without = "ironic-gone": is no deviation that can be left out: those are host-queue,/,
        );
        expect(half).to.equal('without = ["cluster-queue"]: goes only together with host-queue');
        expect(more).to.deep.equal([]);
        const [sizes] = wrong({ without: '["ironic-server-sizes"]' });
        expect(sizes).to.include("goes only together with ironic-hash-ring-balance, ironic-response-cache");
        expect(wrong({ without: '["ironic-response-cache"]' })).to.deep.equal([]);
        expect(wrong({ without: '["host-queue","cluster-queue"]' })).to.deep.equal([]);
    });

    it("are refused where they are no list", () => {
        expect(wrong({ without: "ironic-power-sync" })).to.deep.equal([
            'without = "ironic-power-sync": must be a list: [NAME]',
        ]);
        expect(wrong({ without: "{}" })).to.deep.equal(['without = "{}": must be a list: [NAME]']);
    });
});
