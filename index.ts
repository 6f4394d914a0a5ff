import { Lab } from "./components/lab";
import { withRunErrors } from "./components/run-error";
import { prepare } from "./prepare/prepare";

// Pulumi keeps a stack of each of its promises, ten frames looked up in source maps: a third of what the program does
// with a thousand hosts. One frame says where an error of ours comes from.
Error.stackTraceLimit = 1;

/**
 * Validates configuration and machine, then builds the lab. An error before the first resource means nothing was made.
 */
export = async () => {
    const prepared = await withRunErrors(prepare());
    const lab = new Lab("lab", prepared);
    return lab.outputs;
};
