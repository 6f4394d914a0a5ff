import * as pulumi from "@pulumi/pulumi";
import { ConfigurationError } from "./components/config/validate";
import { Lab } from "./components/lab";
import { prepare, type Prepared } from "./components/prepare";

/** Judges configuration and machine, then builds the lab. An error before the first resource means nothing was made. */
export = async () => {
    const prepared = await prepare().catch(inPulumisTerms);
    const lab = new Lab("lab", prepared);
    return lab.outputs;
};

/** A RunError's message is all that Pulumi shows of it; of any other error it shows the object, too. */
function inPulumisTerms(error: unknown): Prepared {
    throw error instanceof ConfigurationError ? new pulumi.RunError(error.message) : error;
}
