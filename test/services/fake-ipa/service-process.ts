import { type ChildProcess, spawn } from "node:child_process";
import { build } from "esbuild";
import { macOf, until, uuidOf } from "./support.js";

/** Bundles the service into one file, as for its image. */
export async function bundleService(outfile: string): Promise<void> {
    await build({
        entryPoints: ["services/fake-ipa/main.ts"],
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        outfile,
        logLevel: "silent",
    });
}

/** A configuration file with one host. */
export const configuration = (ironicUrl: string, port: number, stateDirectory: string, settings: string): string => `
SUSHY_EMULATOR_FAKE_SYSTEMS = [
    {
        "uuid": "${uuidOf(1)}",
        "name": "host1",
        "external_notifier": True,
        "nics": [{"mac": "${macOf(1)}", "ip": "10.77.1.2"}],
    },
]
FAKE_IPA_API_URL = "${ironicUrl}"
FAKE_IPA_ADVERTISE_ADDRESS_IP = "127.0.0.1"
FAKE_IPA_ADVERTISE_ADDRESS_PORT = ${port}
SUSHY_FAKE_IPA_LISTEN_IP = "127.0.0.1"
SUSHY_FAKE_IPA_LISTEN_PORT = ${port}
FAKE_IPA_MIN_BOOT_TIME = 0
FAKE_IPA_MAX_BOOT_TIME = 0
FAKE_IPA_STATE_DIR = "${stateDirectory}"
${settings}
`;

/** The bundled service as a process of its own, configured by a file. */
export class ServiceProcess {
    /** All that it has written so far. */
    output = "";
    private readonly child: ChildProcess;

    constructor(bundle: string, configFile: string) {
        const child = spawn(process.execPath, [bundle], {
            env: { PATH: process.env["PATH"], CONFIG: configFile },
            stdio: ["ignore", "pipe", "pipe"],
        });
        for (const stream of [child.stdout, child.stderr]) {
            stream.on("data", (data: Buffer) => {
                this.output += data.toString();
            });
        }
        this.child = child;
    }

    /** @param url of its health */
    async ready(url: string): Promise<void> {
        const isReady = (): Promise<boolean> =>
            fetch(url).then(
                (response) => response.ok,
                () => false,
            );
        await until("the service", isReady, 15_000).catch((error: Error) => {
            throw new Error(`${error.message}; it said: ${this.output}`);
        });
    }

    /** Sends the signal, unless the process has ended. @returns its exit code, or null if the signal ended it */
    async end(signal: NodeJS.Signals): Promise<number | null> {
        if (this.child.exitCode !== null || this.child.signalCode !== null) {
            return this.child.exitCode;
        }
        const ended = new Promise<number | null>((resolve) => {
            this.child.once("exit", resolve);
        });
        this.child.kill(signal);
        return ended;
    }
}
