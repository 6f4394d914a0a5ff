import { expect } from "chai";
import { plannedLab } from "../../plan/change/planned-lab";
import { validate } from "../../plan/validate";
import { versionSets } from "../../toolchain/images/recipes";
import { living, STACK, type Raw } from "./living-lab";

describe("The lab that a configuration makes", () => {
    const rows: Raw[] = [
        {},
        { nodes: "30", clusters: "10", workerNodes: "1" },
        { nodes: "0", clusters: "0" },
        { versionSet: "2026.3" },
        { versions: '{"kubernetes":"1.36.3","sushyTools":"2.1.0","mariadb":"11.4"}' },
        { fakeNodes: "kubernetes", versions: '{"sushyTools":"2.1.0"}' },
        { substrate: "minikube" },
        { substrate: "existing" },
    ];
    for (const raw of rows) {
        it(`has the hosts and clusters of a lab with ${JSON.stringify(raw)}, and keeps nothing`, () => {
            const planned = plannedLab(STACK, validate(raw), versionSets());
            const { hosts, clusters, versions, conductors } = living(raw);
            expect(planned).to.deep.include({ hosts, clusters, versions, conductors, kept: {}, stack: STACK });
        });
    }
});
