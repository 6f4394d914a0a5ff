import { Environment } from "@marcbachmann/cel-js";
import { expect } from "chai";
import type { Manifest } from "../../plan/manifests/documents";

interface Policy {
    matchConditions: { expression: string }[];
    mutations: { patchType: string; jsonPatch: { expression: string } }[];
}

/** One operation of a JSON patch (RFC 6902). */
export interface Operation {
    op: string;
    path: string;
    value?: unknown;
}

/**
 * Evaluates an expression of a policy as CEL. cel-js knows no message constructors: a map with the same fields stands
 * for each JSONPatch, whose fields' names become variables with those names as values.
 */
function evaluate(expression: string, request: Record<string, unknown>): unknown {
    const cel = new Environment({
        enableOptionalTypes: true,
        unlistedVariablesAreDyn: true,
        homogeneousAggregateLiterals: false,
    });
    const asMap = expression.replaceAll("JSONPatch{", "{");
    return cel.parse(asMap)({ ...request, op: "op", path: "path", value: "value" });
}

/**
 * The operations with which a policy answers a request; undefined: its conditions do not hold.
 * @param request `object`, `oldObject` and `request`, as expressions name them
 * @throws AssertionError when a mutation is no JSON patch
 */
export function operationsOf([manifest]: Manifest[], request: Record<string, unknown>): Operation[] | undefined {
    const { matchConditions, mutations } = manifest?.["spec"] as Policy;
    if (!matchConditions.every(({ expression }) => evaluate(expression, request))) {
        return undefined;
    }
    return mutations.flatMap(({ patchType, jsonPatch }) => {
        expect(patchType).to.equal("JSONPatch");
        return evaluate(jsonPatch.expression, request) as Operation[];
    });
}
