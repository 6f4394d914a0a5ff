/** `random:index/randomPassword:RandomPassword`. */
import { Created, Found, ResourceDefinition } from "../shared/definition";
import { Failure, Property, PropertyTable, defaultsOf } from "../shared/property";
import { Properties, Value, holdsUnknown } from "../shared/values";
import { CharacterRules, complaint, draw } from "./characters";

/** DefaultCost of golang.org/x/crypto/bcrypt, which the official plugin uses. */
const BCRYPT_COST = 10;

const atLeast =
    (minimum: number) =>
    (value: number): string | undefined =>
        value >= minimum ? undefined : `must be at least ${minimum}`;
const flag = (description: string): Property => ({ type: "boolean", description, default: true, replace: true });
const minimum = (what: string): Property => ({
    type: "integer",
    description: `Minimum number of ${what} in the result.`,
    default: 0,
    replace: true,
    rule: atLeast(0),
});

const INPUTS: PropertyTable = {
    keepers: {
        type: { map: "string" },
        description: "Arbitrary map of values that, when changed, will trigger recreation of the resource.",
        replace: true,
    },
    length: {
        type: "integer",
        description: "The length of the string desired, at least 1.",
        required: true,
        replace: true,
        rule: atLeast(1),
    },
    lower: flag("Include lowercase alphabet characters in the result."),
    upper: flag("Include uppercase alphabet characters in the result."),
    // Two names of one setting, which is why neither has a default of its own.
    numeric: {
        type: "boolean",
        description: "Include numeric characters in the result. Default true.",
        replace: true,
        sameAsUnset: [true],
    },
    number: { type: "boolean", description: "Deprecated: use numeric.", replace: true, sameAsUnset: [true] },
    special: flag("Include special characters in the result."),
    minLower: minimum("lowercase alphabet characters"),
    minUpper: minimum("uppercase alphabet characters"),
    minNumeric: minimum("numeric characters"),
    minSpecial: minimum("special characters"),
    overrideSpecial: {
        type: "string",
        description: "List of special characters to use instead of !@#$%&*()-_=+[]{}<>:?",
        replace: true,
    },
};

function rulesOf(given: Properties): CharacterRules {
    const inputs: Properties = { ...defaultsOf(INPUTS), ...given };
    return {
        length: inputs["length"] as number,
        lower: inputs["lower"] as boolean,
        upper: inputs["upper"] as boolean,
        numeric: numeric(inputs) as boolean,
        special: inputs["special"] as boolean,
        minLower: inputs["minLower"] as number,
        minUpper: inputs["minUpper"] as number,
        minNumeric: inputs["minNumeric"] as number,
        minSpecial: inputs["minSpecial"] as number,
        ...(inputs["overrideSpecial"] === undefined ? {} : { overrideSpecial: inputs["overrideSpecial"] as string }),
    };
}

function numeric(inputs: Properties): Value {
    return inputs["numeric"] ?? inputs["number"] ?? true;
}

function check(inputs: Properties): Failure[] {
    if (
        inputs["numeric"] !== undefined &&
        inputs["number"] !== undefined &&
        inputs["numeric"] !== inputs["number"] &&
        !holdsUnknown(inputs)
    ) {
        return [{ property: "number", reason: "number and numeric are the same setting and must not differ" }];
    }
    if (holdsUnknown({ ...inputs, keepers: undefined })) {
        return [];
    }
    const problem = complaint(rulesOf(inputs));
    return problem === undefined ? [] : [{ property: "length", reason: problem }];
}

/** Both names of the setting stand in the state, as the official plugin writes them. */
function settings(inputs: Properties): Properties {
    return { numeric: numeric(inputs), number: numeric(inputs) };
}

async function bcryptHash(text: string): Promise<string> {
    // Loaded here, because only a new password needs it and every start of the plugin would take longer.
    const bcrypt = await import("bcryptjs");
    // bcrypt reads 72 bytes and no more, in this library as in the official plugin's.
    return bcrypt.hash(text, BCRYPT_COST);
}

export const randomPassword: ResourceDefinition = {
    token: "random:index/randomPassword:RandomPassword",
    description:
        "A random password, drawn from the operating system's source of randomness and kept as a secret in the state.",
    inputs: INPUTS,
    outputs: {
        result: { type: "string", description: "The generated random string.", required: true, secret: true },
        bcryptHash: {
            type: "string",
            description: "A bcrypt hash of the generated random string, of its first 72 bytes.",
            required: true,
            secret: true,
        },
    },
    notServed: [],
    check,
    preview: settings,
    async create(inputs): Promise<Created> {
        const result = draw(rulesOf(inputs));
        return { id: "none", outputs: { ...settings(inputs), result, bcryptHash: await bcryptHash(result) } };
    },
    // There is nothing to look at: the password is in the state and nowhere else.
    read: (id, state, inputs): Promise<Found> => Promise.resolve({ id, inputs, outputs: state }),
    delete: () => Promise.resolve(),
};
