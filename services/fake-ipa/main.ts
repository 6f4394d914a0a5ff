import process from "node:process";
import { pino } from "pino";
import { systemClock } from "./clock.js";
import { ConfigError } from "./config-reader.js";
import { type Config, loadConfig } from "./config.js";
import { startService } from "./service.js";
import { verifyCa } from "./tls.js";

/** Longest graceful end, in milliseconds: the answer to a lookup, with its token, is still waited for. */
const SHUTDOWN_MS = 7_000;

async function main(): Promise<void> {
    let config: Config;
    try {
        config = loadConfig(process.env);
    } catch (error) {
        if (!(error instanceof ConfigError)) {
            throw error;
        }
        process.stderr.write(`fake-ipa: ${error.message}\n`);
        process.exitCode = 2;
        return;
    }
    const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
    const service = await startService(config, { clock: systemClock, log, verifyCa: verifyCa(config) });
    // One bad agent must not end the others. Its error is logged and counted, and the process goes on.
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
        process.on(event, (error: unknown) => {
            service.metrics.errors.inc({ where: event });
            log.error({ err: error }, event);
        });
    }
    let ending = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.on(signal, () => {
            if (ending) {
                return;
            }
            ending = true;
            log.info({ signal }, "ending");
            const overdue = setTimeout(() => {
                log.error("did not end in time");
                process.exit(1);
            }, SHUTDOWN_MS + 2_000);
            service.close(SHUTDOWN_MS).then(
                () => {
                    log.info("ended");
                    clearTimeout(overdue);
                    process.exit(0);
                },
                (error: unknown) => {
                    log.error({ err: error }, "ending failed");
                    process.exit(1);
                },
            );
        });
    }
}

main().catch((error: unknown) => {
    process.stderr.write(`fake-ipa: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
});
