import { Lab } from "./components/lab";
import { prepare } from "./components/prepare";

/** Judges configuration and machine, then builds the lab. An error before the first resource means nothing was made. */
export = async () => {
    const prepared = await prepare();
    const lab = new Lab("lab", prepared);
    return lab.outputs;
};
