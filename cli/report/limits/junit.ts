import { DOMImplementation, XMLSerializer, type Element } from "@xmldom/xmldom";
import type { Judged } from "./limit";

/** The limits of one run. */
export interface JudgedRun {
    /** What the run is of: "100 hosts, 100 clusters, a1b2c3d". */
    name: string;
    judged: readonly Judged[];
}

/** JUnit's XML: a suite for each run, a case for each limit. */
export function junit(runs: readonly JudgedRun[]): string {
    const document = new DOMImplementation().createDocument(null, "testsuites");
    const element = (parent: Element | null, name: string, attributes: Record<string, string>): Element => {
        const made = document.createElement(name);
        Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
        parent?.appendChild(made);
        return made;
    };
    for (const { name, judged } of runs) {
        const failures = judged.filter(({ verdict }) => verdict === "FAIL").length;
        const counts = { tests: String(judged.length), failures: String(failures) };
        const suite = element(document.documentElement, "testsuite", { name, ...counts });
        for (const { text, verdict, says } of judged) {
            const one = element(suite, "testcase", { classname: name, name: text });
            if (verdict === "FAIL") {
                element(one, "failure", { message: says });
            }
        }
    }
    return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}\n`;
}
