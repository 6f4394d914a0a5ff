/**
 * A state that another plugin wrote, in the hands of the replacement plugins: no difference with the program, and no
 * error.
 */
import { expect } from "chai";
import { commandProvider } from "../../plugins/command/provider";
import { dockerProvider } from "../../plugins/docker/provider";
import { randomProvider } from "../../plugins/random/provider";
import { Harness } from "./harness";
import { recordedStates } from "./states";

const STATES = recordedStates(
    { network: "n", volume: "v", container: "c", address: "192.168.222.2", label: "m3lab-dev" },
    "192.168.222.0/24",
    "192.168.222.1",
    "image:1",
);
const SERVED = [
    { provider: dockerProvider, states: [STATES.network, STATES.volume, STATES.container] },
    { provider: randomProvider, states: [STATES.password] },
    { provider: commandProvider, states: [STATES.command] },
];
const notesIn = (value: unknown): string[] => JSON.stringify(value).match(/"__\w+"/g) ?? [];

for (const { provider: definition, states } of SERVED) {
    describe(`${definition.name} plugin with the state of another plugin`, () => {
        let provider: Harness;
        before(async () => {
            provider = await Harness.start(definition);
        });
        after(() => provider.stop());

        for (const { token, program, older, official, officialOutputs } of states) {
            for (const [who, inputs] of Object.entries({
                "an older replacement plugin": older,
                "the official plugin": official,
            })) {
                it(`${token} of ${who} is as the program wants it, in an update and in a refresh`, async () => {
                    const news = await provider.checked(token, program, inputs);
                    const none = { changes: "none", diffs: [], replaces: [], detailed: {} };
                    expect(await provider.diff(token, inputs, news)).to.deep.include(none);
                    expect(await provider.diff(token, news, inputs)).to.deep.include(none);
                });

                it(`${token} of ${who} still shows a real change`, async () => {
                    const name = token.endsWith("RandomPassword")
                        ? "length"
                        : token.endsWith("Command")
                          ? "create"
                          : "name";
                    const changed = { ...program, [name]: name === "length" ? 8 : "other" };
                    const diff = await provider.diff(token, inputs, await provider.checked(token, changed, inputs));
                    expect(diff.diffs).to.deep.equal([name]);
                });
            }

            const canUpdate = definition.resources.some((resource) => resource.token === token && "update" in resource);
            if (canUpdate) {
                it(`${token}: the preview of an update leaves out what only the official plugin notes`, async () => {
                    const news = await provider.checked(token, program, official);
                    const outputs = await provider.update(token, "id", { ...program, ...officialOutputs }, news, true);
                    expect(notesIn(outputs)).to.deep.equal([]);
                    expect(outputs).to.not.have.any.keys("id", "gpus", "archive");
                });
            }
        }
    });
}

describe("what the replacement plugins write", () => {
    let provider: Harness | undefined;
    afterEach(() => provider?.stop());

    for (const { provider: definition, states } of SERVED) {
        for (const { token, program, official } of states) {
            it(`inputs of ${token} have a note of defaults only where the official plugin writes one`, async () => {
                provider = await Harness.start(definition);
                const inputs = await provider.checked(token, program);
                expect("__defaults" in inputs).to.equal("__defaults" in official);
            });
        }
    }

    it("outputs of a container have the defaults that the official plugin would miss", async () => {
        provider = await Harness.start(dockerProvider);
        const { token, program, older } = STATES.container;
        const inputs = await provider.checked(token, program);
        const missed = { attach: false, logs: false, containerReadRefreshTimeoutMilliseconds: 15000 };
        expect((await provider.create(token, inputs, true)).outputs).to.include(missed);
        expect(await provider.update(token, "id", older, inputs, true)).to.include(missed);
    });
});
