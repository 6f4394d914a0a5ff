/** A condition of an object of Cluster API's or of Metal3's. */
export interface Condition {
    type: string;
    status: string;
    message?: string;
    /** Generation of the object that the controller had seen when it wrote the condition. */
    observedGeneration?: number;
    /** When it got its status, as Kubernetes writes times. */
    lastTransitionTime?: string;
}

/** What the wait for the fleet reads of any object with conditions. */
export interface Observed {
    generation: number;
    /** `status.observedGeneration`: 0 until its controller has seen the object. */
    observedGeneration: number;
    conditions: readonly Condition[];
}

/** A message in one line. Cluster API's are lists with a line for each entry. */
export const oneLine = (text: string | undefined): string => (text ?? "").replace(/\s+/g, " ").trim();

export const condition = ({ conditions }: Pick<Observed, "conditions">, type: string): Condition | undefined =>
    conditions.find((each) => each.type === type);

/**
 * Why a condition does not have its wanted status; undefined when it has. A condition that was written before the
 * object's last change says nothing of that change.
 */
export function conditionTrouble(object: Observed, type: string, wanted: "True" | "False"): string | undefined {
    const found = condition(object, type);
    if (found === undefined) {
        return `${type} is not reported yet`;
    }
    if ((found.observedGeneration ?? 0) < object.generation) {
        return `${type} does not speak of the last change yet`;
    }
    return found.status === wanted ? undefined : oneLine(found.message) || `${type} is ${found.status}`;
}
