import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import {
    CHART,
    conductorContainer,
    conductorPod,
    find,
    ironicConf,
    pythonArguments,
    renderConductors,
    type Rendered,
} from "./helm";

/** Seconds between two rounds of the sidecar, as provisioning_ip.py says. */
const SIDECAR_INTERVAL = Number(
    /^INTERVAL = ([\d.]+)/m.exec(readFileSync(path.join(CHART, "files/provisioning_ip.py"), "utf8"))![1],
);

describe("charts/ironic: how a conductor stops and starts again", function () {
    this.timeout(30_000);
    let objects: Rendered[];
    let pod: Rendered[string];
    let ironic: Rendered[string];
    before(() => {
        objects = renderConductors(1);
        pod = conductorPod(objects);
        ironic = conductorContainer(objects, "ironic");
    });
    const environment = (container: Rendered[string]): Record<string, string> =>
        Object.fromEntries(container.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
    const mounts = (container: Rendered[string]): Record<string, { mountPath: string; readOnly?: boolean }> =>
        Object.fromEntries(container.volumeMounts.map((mount: { name: string }) => [mount.name, mount]));

    it("Every start of the container goes through start.py, with and without the tuned runtime", () => {
        const configuration = ["--config-file", "/etc/ironic-conductor/ironic.conf"];
        expect(pythonArguments(ironic)).to.deep.equal([
            ...["/scripts/start.py", "/scripts/conductor.py"],
            ...configuration,
        ]);
        const plain = conductorContainer(renderConductors(1, { "conductor.tunedRuntime": false }), "ironic");
        expect(pythonArguments(plain)).to.deep.equal(["/scripts/start.py", "ironic", ...configuration]);
        for (const container of [ironic, plain]) {
            expect(environment(container)).to.include({ STATE_DIR: "/run/conductor" });
            expect(environment(container)).to.have.property("OS_DATABASE__CONNECTION");
        }
    });

    it("The sidecar owns the volume in which the conductor removes files, and the conductor may write to it", () => {
        const sidecar = conductorContainer(objects, "provisioning-ip");
        // The kubelet makes the volume as root; root removes the sticky bit (pod_state.py), which takes the owner.
        expect(sidecar.securityContext.runAsUser).to.equal(0);
        expect(ironic.securityContext.runAsGroup).to.equal(pod.securityContext.fsGroup);
        for (const container of [sidecar, ironic]) {
            const { mountPath, readOnly } = mounts(container)["state"]!;
            expect(mountPath).to.equal(environment(container)["STATE_DIR"]);
            expect(readOnly).to.equal(undefined);
        }
        const other = conductorPod(renderConductors(1, { "conductor.runAsUser": 997, "conductor.runAsGroup": 994 }));
        expect(other.securityContext.fsGroup).to.equal(994);
    });

    it("The liveness probe fails while a restart is requested, and leaves less time than a normal stop", () => {
        // nginx answers /alive: see api-proxy.test.ts.
        expect(ironic.livenessProbe.httpGet).to.include({ host: "192.168.222.100", port: 6180, path: "/alive" });
        const nginx = find(objects, "ConfigMap", "ironic-conductor-0")["data"]["nginx.conf"];
        expect(nginx).to.contain("if (-e /run/conductor/restart) { return 503");
        expect(mounts(conductorContainer(objects, "http"))["state"]).to.include({ mountPath: "/run/conductor" });
        // Ironic would wait for hosts that are locked for ever. The preStop hook runs within this time, too.
        const { terminationGracePeriodSeconds: grace, failureThreshold, periodSeconds } = ironic.livenessProbe;
        expect(grace).to.be.below(pod.terminationGracePeriodSeconds).and.above(preStopSeconds());
        // nginx itself may be restarting, but hosts must continue within a minute or two.
        expect(failureThreshold).to.be.above(1);
        expect(failureThreshold * periodSeconds + grace).to.be.below(60);
    });

    const preStopSeconds = () => Number(/sleep (\d+)$/.exec(ironic.lifecycle.preStop.exec.command.at(-1))?.[1]);

    it("A conductor that stops leaves the Service first: its preStop hook outlasts a round of the sidecar", () => {
        expect(ironic.lifecycle.preStop.exec.command.at(-1)).to.match(/^touch \/run\/conductor\/draining; sleep \d+$/);
        expect(preStopSeconds()).to.be.above(SIDECAR_INTERVAL);
    });

    it("A conductor that stops has time for its preStop hook, for the hash ring and for the work in hand", () => {
        for (const [reset, graceful] of [
            [2, 60],
            [30, 600],
        ]) {
            const values = {
                "conductor.hashRingResetInterval": reset,
                "conductor.gracefulShutdownTimeout": graceful,
            };
            const longer = renderConductors(1, values);
            expect(ironicConf(longer)["conductor"]).to.include({ graceful_shutdown_timeout: String(graceful) });
            expect(ironicConf(longer)["DEFAULT"]).to.include({ hash_ring_reset_interval: String(reset) });
            const { terminationGracePeriodSeconds } = conductorPod(longer);
            expect(terminationGracePeriodSeconds).to.be.above(preStopSeconds() + reset! + graceful!);
        }
    });

    it("A conductor may take five minutes to start: the database may be starting, too", () => {
        const { failureThreshold, periodSeconds } = ironic.startupProbe;
        expect(failureThreshold * periodSeconds).to.equal(300);
    });

    it("A conductor whose API does not answer is not ready after half a minute", () => {
        const { failureThreshold, periodSeconds } = ironic.readinessProbe;
        expect(failureThreshold * periodSeconds).to.equal(30);
    });

    it("The signals of the pod are in memory: the sidecar touches a file every two seconds", () => {
        const state = pod.volumes.find(({ name }: { name: string }) => name === "state");
        expect(state.emptyDir).to.deep.equal({ medium: "Memory", sizeLimit: "1Mi" });
    });

    it("MariaDB is probed seldom, and a busy one is not restarted within three minutes", () => {
        const [{ readinessProbe, livenessProbe }] = find(objects, "StatefulSet", "ironic-mariadb")["spec"].template.spec
            .containers;
        // Each probe is a process and a connection.
        expect(Math.min(readinessProbe.periodSeconds, livenessProbe.periodSeconds)).to.be.at.least(30);
        expect(livenessProbe.failureThreshold * livenessProbe.periodSeconds).to.equal(180);
    });

    it("MariaDB has five minutes to start and a minute to stop", () => {
        const { spec } = find(objects, "StatefulSet", "ironic-mariadb")["spec"].template;
        expect(spec.terminationGracePeriodSeconds).to.equal(60);
        const { failureThreshold, periodSeconds } = spec.containers[0].startupProbe;
        expect(failureThreshold * periodSeconds).to.equal(300);
    });

    it("All Python files of the chart are in the ConfigMap that the containers mount", () => {
        const { data } = find(objects, "ConfigMap", "ironic-scripts");
        const files = readdirSync(path.join(CHART, "files")).filter((name) => name.endsWith(".py"));
        expect(Object.keys(data)).to.have.members(files);
        for (const file of files) {
            expect(data[file].trimEnd()).to.equal(readFileSync(path.join(CHART, "files", file), "utf8").trimEnd());
        }
        for (const name of ["provisioning-ip", "prepare", "ironic"]) {
            const container = conductorContainer(objects, name);
            expect(mounts(container)["scripts"]).to.include({ mountPath: "/scripts" });
            const script = container.command.find((word: string) => word.startsWith("/scripts/"));
            expect(files).to.include(path.basename(script));
        }
    });
});
