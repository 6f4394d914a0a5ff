import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** The values of the gauges, read when the metrics are. */
export interface Gauges {
    agents(): Record<string, number>;
    hosts(): Record<string, number>;
    scheduled(): number;
    queued(): number;
}

const PHASES = ["booting", "looking-up", "inspecting", "heartbeating", "powering-off"];

/**
 * The service's metrics, whose names begin with fake_ipa_, and those of its process (CPU, memory, event-loop lag, open
 * files).
 */
export class Metrics {
    readonly registry = new Registry();
    readonly notifications = this.counter(
        "notifications_total",
        "Notifications from sushy-tools, by what they led to",
        ["action"],
    );
    readonly lookups = this.counter("lookups_total", "Lookups at Ironic, by result", ["result"]);
    readonly inspections = this.counter("inspections_total", "Inspection data sent to Ironic, by result", ["result"]);
    readonly heartbeats = this.counter("heartbeats_total", "Heartbeats to Ironic, by result", ["result"]);
    readonly commands = this.counter("commands_total", "Commands from Ironic that ended, by name and status", [
        "command",
        "status",
    ]);
    readonly refused = this.counter(
        "requests_refused_total",
        "Requests to the agents' API that were refused, by status",
        ["status"],
    );
    readonly redfish = this.counter("redfish_requests_total", "Requests to sushy-tools, by kind and result", [
        "request",
        "result",
    ]);
    readonly stateErrors = this.counter(
        "state_errors_total",
        "State files that could not be written, or were damaged",
        ["kind"],
    );
    readonly errors = this.counter("errors_total", "Unexpected errors", ["where"]);
    readonly boots = new Histogram({
        name: "fake_ipa_boot_seconds",
        help: "From the power request to the agent being identified by Ironic",
        registers: [this.registry],
        buckets: [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480],
    });
    readonly requests = new Histogram({
        name: "fake_ipa_ironic_request_seconds",
        help: "How long Ironic took to answer",
        labelNames: ["request"],
        registers: [this.registry],
        buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
    });

    constructor(defaults = true) {
        // The event loop is sampled once a second. The library's 100 times a second would be most of the work of an
        // idle service.
        if (defaults) {
            collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 1_000 });
        }
    }

    /** Measures how long a request takes. */
    async timed<T>(request: string, work: Promise<T>): Promise<T> {
        const end = this.requests.startTimer({ request });
        try {
            return await work;
        } finally {
            end();
        }
    }

    show(gauges: Gauges): void {
        this.gauge("agents", "Agents, by what they do", "state", () => ({
            ...Object.fromEntries(PHASES.map((phase) => [phase, 0])),
            ...gauges.agents(),
        }));
        this.gauge("hosts", "Hosts, by power", "power", () => ({ On: 0, Off: 0, unknown: 0, ...gauges.hosts() }));
        this.gauge("scheduled", "Things that wait for their time", undefined, () => ({ "": gauges.scheduled() }));
        this.gauge(
            "requests_queued",
            "Requests to Ironic that wait for others to end (FAKE_IPA_CONCURRENCY)",
            undefined,
            () => ({ "": gauges.queued() }),
        );
    }

    private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
        return new Counter({ name: `fake_ipa_${name}`, help, labelNames, registers: [this.registry] });
    }

    private gauge(name: string, help: string, label: string | undefined, values: () => Record<string, number>): void {
        new Gauge({
            name: `fake_ipa_${name}`,
            help,
            labelNames: label === undefined ? [] : [label],
            registers: [this.registry],
            collect() {
                for (const [key, value] of Object.entries(values())) {
                    if (label === undefined) {
                        this.set(value);
                    } else {
                        this.set({ [label]: key }, value);
                    }
                }
            },
        });
    }
}
