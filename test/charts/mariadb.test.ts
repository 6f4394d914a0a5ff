import { expect } from "chai";
import { conductorContainer, find, podOf, render, renderConductors, type Rendered } from "./helm";

describe("charts/ironic: MariaDB", function () {
    this.timeout(30_000);
    const claim = (objects: Rendered[]) => find(objects, "PersistentVolumeClaim", "ironic-mariadb")["spec"];
    const statefulSet = (objects: Rendered[]) => find(objects, "StatefulSet", "ironic-mariadb");

    it("The data is in a claim that is deleted with the release", () => {
        const objects = render();
        expect(statefulSet(objects)["spec"]).to.not.have.property("volumeClaimTemplates");
        const [data] = podOf(statefulSet(objects)).volumes;
        expect(data.persistentVolumeClaim.claimName).to.equal("ironic-mariadb");
        expect(claim(objects))
            .to.deep.include({ resources: { requests: { storage: "4Gi" } } })
            .and.not.have.property("storageClassName");
    });

    it("The data can be in a storage class, a directory of the node, an existing claim or the pod", () => {
        expect(
            claim(render({ "mariadb.persistence.storageClass": "fast", "mariadb.persistence.size": "9Gi" })),
        ).to.deep.include({ storageClassName: "fast", resources: { requests: { storage: "9Gi" } } });
        expect(claim(render({ "mariadb.persistence.storageClass": "-" }))).to.include({ storageClassName: "" });
        const local = render({ "mariadb.persistence.hostPath": "/data" });
        expect(find(local, "PersistentVolume", "metal3-ironic-mariadb")["spec"]).to.deep.include({
            hostPath: { path: "/data", type: "DirectoryOrCreate" },
            claimRef: { namespace: "metal3", name: "ironic-mariadb" },
        });
        expect(claim(local)).to.include({ storageClassName: "", volumeName: "metal3-ironic-mariadb" });
        const existing = render({ "mariadb.persistence.existingClaim": "mine" });
        expect(existing.map(({ kind }) => kind)).to.not.include("PersistentVolumeClaim");
        expect(podOf(statefulSet(existing)).volumes[0].persistentVolumeClaim.claimName).to.equal("mine");
        const volatile = render({ "mariadb.persistence.enabled": false });
        expect(podOf(statefulSet(volatile)).volumes[0]).to.have.property("emptyDir");
    });

    it("The server's options follow the values", () => {
        const { args } = podOf(
            statefulSet(
                render({
                    "mariadb.maxConnections": 100000,
                    "mariadb.bufferPoolSize": "1G",
                    "mariadb.flushLogAtTrxCommit": 1,
                    "mariadb.extraArgs": ["--innodb-log-file-size=256M"],
                }),
            ),
        ).containers[0];
        expect(args).to.include.members([
            "--max-connections=100000",
            "--innodb-buffer-pool-size=1G",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-log-file-size=256M",
        ]);
    });

    it("The official image, too, lets root in from the pod alone, and loads no time zones", () => {
        const { env, command } = podOf(statefulSet(render())).containers[0];
        expect(env).to.deep.include.members([
            { name: "MARIADB_ROOT_HOST", value: "localhost" },
            { name: "MARIADB_INITDB_SKIP_TZINFO", value: "1" },
        ]);
        // By the name that the official image's entrypoint has, and not by the path of one image.
        expect(command[2]).to.match(/\nexec docker-entrypoint\.sh "\$@"\n$/);
    });

    it("The official image is told to upgrade data only where it is of another series than the lab's own", () => {
        const upgrade = { name: "MARIADB_AUTO_UPGRADE", value: "1" };
        const env = (values: object) => podOf(statefulSet(render(values))).containers[0].env;
        expect(env({ "mariadb.upgradesData": true })).to.deep.include(upgrade);
        expect(env({})).to.not.deep.include(upgrade);
    });

    it("With an existing database the chart makes none", () => {
        const database = { host: "db.example.org", port: 3307, database: "bm", user: "bmu" };
        const objects = renderConductors(1, { "mariadb.external": database });
        expect(objects.filter(({ metadata }) => metadata.name.includes("mariadb"))).to.deep.equal([]);
        for (const name of ["provisioning-ip", "prepare", "ironic"]) {
            expect(JSON.stringify(conductorContainer(objects, name).env)).to.contain(
                "mysql+pymysql://bmu:$(MARIADB_PASSWORD)@db.example.org:3307/bm?charset=utf8mb4",
            );
        }
    });
});
