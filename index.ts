import { Lab } from "./components/lab";
import { prepare } from "./components/prepare";
import { withRunErrors } from "./components/run-error";

/** Judges configuration and machine, then builds the lab. An error before the first resource means nothing was made. */
export = async () => {
    const prepared = await withRunErrors(prepare());
    const lab = new Lab("lab", prepared);
    return lab.outputs;
};
