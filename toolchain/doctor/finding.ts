/** One row of the doctor's table. */
export interface Finding {
    what: string;
    /** `to do`: the lab makes it itself. `warning`: the lab may still run. `problem`: a person has to see to it. */
    state: "ok" | "to do" | "warning" | "problem";
    found: string;
    /** The kind of thing that is made, where making it needs room on a disk. Only with the state `to do`. */
    makes?: "program" | "image";
}
