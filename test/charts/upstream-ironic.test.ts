import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { docker } from "../docker";
import { imageForTests } from "../lab-image";
import { ConductorPod } from "./conductor-pod";
import { buildUpstreamIronic } from "./upstream-ironic/build";

describe("charts/ironic: in an image of Ironic in the shape of upstream's", function () {
    this.timeout(300_000);
    const ironic = imageForTests("ironic");
    const mariadb = imageForTests("mariadb");
    const upstream = `metal3-scale-lab-test/upstream-ironic:${randomUUID()}`;
    let isBuilt = false;
    let pod: ConductorPod | undefined;

    before(async () => {
        await buildUpstreamIronic(ironic(), upstream);
        isBuilt = true;
        pod = await ConductorPod.start(upstream, mariadb());
    });
    after(async () => {
        await pod?.stop();
        if (isBuilt) {
            await docker("rmi", upstream);
        }
    });

    it("No `python3` has Ironic's modules, and the user of the conductor has no name", async () => {
        const look = "! command -v python3 && ! id -nu 10475 2>/dev/null && id -nu 997";
        expect(await pod!.exec("sh", "-c", look)).to.equal("ironic\n");
    });

    it("The init container makes the schema, and the conductor's start then leaves it alone", async () => {
        expect(await pod!.prepare()).to.contain("ironic-dbsync create_schema");
        expect(await pod!.startConductor()).to.equal("the conductor runs\n");
        expect(await pod!.tables()).to.include.members(["nodes", "conductors", "alembic_version"]);
    });

    it("The conductor makes all of the lab's changes, with its own driver", async () => {
        const output = await pod!.ironicVersion();
        expect(output).to.not.contain("conductor: without ");
        expect(output).to.match(/^conductor: process \d+ runs Ironic with the lab's changes$/m);
        expect(output).to.not.contain("mysqlclient");
        expect(output.trim().split("\n").at(-1)).to.match(/^\d+\.\d+\.\d+/);
    });

    it("The sidecar puts the provisioning IP on the interface", async () => {
        expect(await pod!.exec("ip", "-4", "-brief", "address", "show", "lo")).to.contain("192.168.222.100/");
        expect(await pod!.exec("ls", "/run/conductor")).to.contain("address");
    });
});
