import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { QUEUED_ANNOTATIONS } from "../../components/hosts";
import { CLUSTER_PORTS } from "../../plan/addresses";
import { HOSTS_IN_PROGRESS, MAX_NODES } from "../../plan/config/limits";
import {
    FAKE_API_SERVER_LABEL,
    FORMER_QUEUED_ANNOTATION,
    HOST_CLUSTER_LABEL,
    LEAVING_ANNOTATION,
    NODE_ADDRESS_CLASS,
    QUEUED_ANNOTATION,
    RELEASED_ANNOTATION,
} from "../../plan/manifests/cluster-objects";

/** The text of a file of the checkout. */
const source = (...path: string[]): string => readFileSync(join(__dirname, "..", "..", ...path), "utf8");

/** The string constants of a Go file, by name. */
const goStrings = (...path: string[]): Record<string, string> =>
    Object.fromEntries(
        [...source(...path).matchAll(/^\s*(?:const )?(\w+) += "([^"]*)"$/gm)].map(([, name, value]) => [name, value]),
    );

/** The flags of FKAS, with their defaults as Go has them. */
function fkasFlags(): Map<string, string> {
    const text = source("services", "fkas", "internal", "options", "options.go");
    const calls = text.matchAll(/fs\.\w+Var\(\s*&[\w.]+,\s*"([a-z-]+)",\s*((?:[^,()]|\([^()]*\))+),/g);
    return new Map([...calls].map(([, flag, value]) => [flag as string, value as string]));
}

describe("FKAS and the program", () => {
    const names = goStrings("services", "fkas", "internal", "management", "names.go");

    it("give labels and annotations the same names", () => {
        const shared = {
            IndexLabel: FAKE_API_SERVER_LABEL,
            HostClusterLabel: HOST_CLUSTER_LABEL,
            QueuedAnnotation: QUEUED_ANNOTATION,
            FormerQueuedAnnotation: FORMER_QUEUED_ANNOTATION,
            ReleasedAnnotation: RELEASED_ANNOTATION,
            LeavingAnnotation: LEAVING_ANNOTATION,
            NodeAddressClass: NODE_ADDRESS_CLASS,
        };
        expect(names).to.deep.include(shared);
        const others = Object.keys(names).filter((name) => !(name in shared));
        // Constants that only FKAS uses. A new one belongs here or in the list above.
        expect(others.sort()).to.deep.equal([
            "FreeHostAnnotation",
            "Metal3ClusterKind",
            "Metal3MachineKind",
            "NodeCreatedAnnotation",
        ]);
    });

    it("pause a queued host with the annotations that FKAS removes", () => {
        const release = source("services", "fkas", "internal", "management", "queue", "hosts_test.go");
        const removed = [...release.matchAll(/"([\w./-]+)":null/g)].map(([, annotation]) => annotation);
        expect([...Object.keys(QUEUED_ANNOTATIONS), FORMER_QUEUED_ANNOTATION]).to.have.members(removed);
    });

    it("agree on how many hosts may be in progress where FKAS decides", () => {
        const window = source("services", "fkas", "internal", "management", "queue", "window.go");
        const [, least, most] = /LeastHosts, MostHosts = (\d+), (\d+)/.exec(window) ?? [];
        const [, first] = /HostsPerCPU = (\d+)/.exec(window) ?? [];
        expect({ first: Number(first), most: Number(most) }).to.deep.equal(HOSTS_IN_PROGRESS);
        expect(Number(least)).to.be.within(1, HOSTS_IN_PROGRESS.first);
    });

    it("give registered clusters ports that no cluster of the plan has", () => {
        const { defaultRegisterPorts = "" } = goStrings("services", "fkas", "internal", "options", "options.go");
        const [first = Number.NaN, last = Number.NaN] = defaultRegisterPorts.split("-").map(Number);
        const lastOfPlan = CLUSTER_PORTS.first + CLUSTER_PORTS.count - 1;
        expect(first).to.be.at.least(1024).and.at.most(last);
        expect(
            last < CLUSTER_PORTS.first || first > lastOfPlan,
            `${defaultRegisterPorts} and the plan's ports`,
        ).to.equal(true);
        // Kubernetes' node ports begin at 30000.
        expect(Math.max(last, lastOfPlan)).to.be.below(30_000);
        expect(CLUSTER_PORTS.count).to.be.at.least(MAX_NODES);
    });

    it("agree on the flags that the Deployment sets and the port that its probes ask", () => {
        const component = source("components", "fake-api-servers.ts");
        const flags = fkasFlags();
        const variables = [...component.matchAll(/"FKAS_(\w+)"/g)].map(([, name]) => name as string);
        expect(variables).to.have.members([
            "INDEX",
            "SERVICE_ADDRESS",
            "ASSIGN_HOSTS",
            "HOSTS_AT_ONCE",
            "ROLLOUTS_AT_ONCE",
            "PRECREATE_SECRETS",
            "FAKE_IPA_PORT",
            "FAKE_IPA_OFFSET",
        ]);
        for (const variable of variables) {
            expect([...flags.keys()]).to.include(variable.toLowerCase().replaceAll("_", "-"));
        }
        expect(flags.get("api-address")).to.equal('":3333"');
        expect([...component.matchAll(/[pP]ort: (\d+)\b/g)].map(([, port]) => port)).to.deep.equal(["3333", "3333"]);
    });

    it("agree with FKAS's README on every flag and its default", () => {
        const readme = source("services", "fkas", "README.md");
        const rows = [...readme.matchAll(/^\| (`--.*?) +\| (.*?) +\| /gm)].map(([, flag, value]) => [flag, value]);
        const documented = rows.flatMap(([flag = ""]) => [...flag.matchAll(/--([a-z-]+)/g)].map(([, name]) => name));
        expect(documented.sort()).to.deep.equal([...fkasFlags().keys()].sort());
        const { defaultRegisterPorts } = goStrings("services", "fkas", "internal", "options", "options.go");
        expect(rows).to.deep.include(["`--register-ports`", defaultRegisterPorts]);
    });
});
