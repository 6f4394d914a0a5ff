import { setTimeout as sleep } from "node:timers/promises";
import { plan as makePlan, type LabPlan } from "../../../plan/plan";
import { SETTINGS } from "../../../plan/profiles";
import { validate } from "../../../plan/validate";
import { HOSTS } from "../../../tasks/wait-for-fleet/reader";
import { calibrate } from "../calibration";
import { GrowthWatch, moreHostsThan } from "../growth";
import { IronicApi } from "../ironic-api";
import { ALONE_SECONDS, IronicProbe } from "../ironic-probe";
import type { BenchLab, MeasuredCommand } from "../lab";
import { made } from "../made";
import { idle } from "../rest";
import { stageReport } from "../stages/report";
import { UsageMeter } from "../usage/meter";
import { throughIronic } from "../way-to-ironic";
import { watchPowerSync } from "./power-sync";
import type { Enrolment, Sighting, SizingPoint, SizingRow } from "./row";
import type { SizingLab } from "./run";
import { LATENCY_SECONDS, restSeconds, SETTLE_SECONDS } from "./steps";

/** The stage of a host from its release until it is available (stages/definitions.ts). */
const TO_AVAILABLE = "created to available";

/** Configuration of a point. With the published power sync the lab does without its deviation, and nothing else. */
export const settingsOf = (
    { nodes, conductors, powerSync }: SizingPoint,
    common: Readonly<Record<string, string>>,
): Record<string, string> => ({
    ...common,
    nodes: String(nodes),
    clusters: "0",
    conductors: String(conductors),
    without: JSON.stringify(powerSync === "published" ? SETTINGS.syncPowerStateInterval.deviations : []),
});

/** Plan of a point. @throws ConfigurationError when its configuration cannot work */
export const planOf = (point: SizingPoint, common: Readonly<Record<string, string>>, stack: string): LabPlan =>
    makePlan(validate(settingsOf(point, common)), stack);

/** A lab that is up, or will be, on this machine. */
export class RealSizingLab implements SizingLab {
    readonly calibrate = calibrate;

    constructor(
        private readonly lab: BenchLab,
        private readonly common: Readonly<Record<string, string>>,
        private readonly say: (text: string) => void,
    ) {}

    interval(point: SizingPoint): number {
        return this.planned(point).profile.syncPowerStateInterval;
    }

    async begin(): Promise<void> {
        await this.lab.end();
        await this.lab.begin();
    }

    async end(): Promise<void> {
        await this.lab.end();
    }

    async bring(point: SizingPoint): Promise<void> {
        await this.up(point);
    }

    async grow(point: SizingPoint, from: number): Promise<Enrolment> {
        const { lab } = this;
        const began = new Date();
        const watch = new GrowthWatch(lab, moreHostsThan(from), () => Promise.resolve());
        const up = await this.up(point).catch(async (error: unknown) => {
            await watch.end().catch(() => undefined);
            throw error;
        });
        const growth = await watch.end();
        const hosts = await made(lab.runningCluster, HOSTS, from > 0 ? began : undefined);
        const lists = { hosts, clusters: [], machines: [], metal3Machines: [] };
        const stages = stageReport(lists, new Date(growth.began), new Date());
        const { count, of, perMinute } = stages.fleet.hostsAvailable;
        const host = stages.hosts.stages.find(({ name }) => name === TO_AVAILABLE);
        if (host === undefined) {
            throw new Error(`hosts have no stage "${TO_AVAILABLE}"`);
        }
        const { median, p95, p99, max } = host;
        return { up, growth, available: count, of, perMinute, host: { count: host.count, median, p95, p99, max } };
    }

    async settle(): Promise<void> {
        await sleep(SETTLE_SECONDS * 1000);
    }

    async rest(point: SizingPoint): Promise<NonNullable<SizingRow["rest"]>> {
        const meter = new UsageMeter(this.lab.stack);
        const usage = await idle(meter, restSeconds(this.interval(point)));
        return { ...usage, failedSamples: meter.failures.count };
    }

    async latency(point: SizingPoint): Promise<NonNullable<SizingRow["latency"]>> {
        return this.withIronic(point, async (endpoint) => {
            const options = { pauseSeconds: ALONE_SECONDS };
            const probe = await IronicProbe.start(this.lab.runningCluster, endpoint, options);
            await sleep(LATENCY_SECONDS * 1000);
            await probe.stop();
            const { samples, failures, lastError } = probe;
            return { samples, failures, lastError };
        });
    }

    async powerSync(point: SizingPoint): Promise<Sighting[]> {
        const cluster = this.lab.runningCluster;
        return this.withIronic(point, async (endpoint) => {
            const ironic = await IronicApi.of(cluster, endpoint);
            try {
                return await watchPowerSync(cluster, ironic, this.interval(point), this.say);
            } finally {
                await ironic.close();
            }
        });
    }

    private withIronic<Result>(point: SizingPoint, use: (endpoint: string) => Promise<Result>): Promise<Result> {
        return throughIronic(this.lab.runningCluster, this.planned(point), this.lab.ready.env, use);
    }

    private async up(point: SizingPoint): Promise<MeasuredCommand> {
        const { nodes, conductors, powerSync } = point;
        const of = conductors === 1 ? "1 conductor" : `${conductors} conductors`;
        this.say(`== ${nodes} hosts, ${of}, power sync every ${this.interval(point)} s (${powerSync})`);
        await this.lab.configure(settingsOf(point, this.common));
        return this.lab.up();
    }

    private planned(point: SizingPoint): LabPlan {
        return planOf(point, this.common, this.lab.stack);
    }
}
