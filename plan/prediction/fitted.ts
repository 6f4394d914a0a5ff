import data from "./data/fitted.json";
import type { Parameters } from "./model";

/** The model as it was fitted to the measurements, and how far it is off. */
export interface Fitted {
    parameters: Parameters;
    /**
     * By how much a prediction may be off, as a share: twice the root mean square of what the model is off for each
     * measurement when it is fitted without it.
     */
    error: { time: number; memory: number };
    /** Most hosts of a lab that was measured. */
    largestHosts: number;
}

/** Printed by `npm run docs` from data/measurements.json. */
export const FITTED: Fitted = data;
