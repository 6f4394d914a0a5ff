import { z } from "zod";
import type { HttpClient } from "./http.js";
import { NoAnswerError } from "./http.js";

/** A host as its BMC shows it. */
export interface RedfishSystem {
    power: "On" | "Off";
    /** Pxe, Hdd, Cd or another of sushy-tools' names. */
    bootDevice: string | undefined;
    /** Whether a medium is in the drive that it boots from, if that is `Cd`. */
    medium?: boolean;
}

export type ResetType = "ForceOff" | "ForceRestart";

export class RedfishError extends Error {
    constructor(message: string, options?: ErrorOptions) {
        super(message, options);
        this.name = "RedfishError";
    }
}

/** An agent's requests to its BMC. Tests replace them. */
export interface Redfish {
    reset(uuid: string, type: ResetType, signal: AbortSignal): Promise<void>;
    system(uuid: string, signal: AbortSignal): Promise<RedfishSystem>;
}

const systemSchema = z.object({
    PowerState: z.string(),
    Boot: z.object({ BootSourceOverrideTarget: z.string().nullish() }).nullish(),
});

const mediumSchema = z.object({ Inserted: z.boolean() });

/** sushy-tools' Redfish service (DMTF DSP0266: ComputerSystem, its Reset action, basic authentication). */
export class RedfishClient implements Redfish {
    private readonly headers: Record<string, string>;

    /** @param url of the service, without `/redfish/v1`; @param timeoutMs how long an answer may take */
    constructor(
        private readonly http: HttpClient,
        private readonly url: string,
        user: string,
        password: string,
        private readonly timeoutMs: number,
    ) {
        this.headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
    }

    /** @throws RedfishError when the BMC does not answer or refuses */
    async reset(uuid: string, type: ResetType, signal: AbortSignal): Promise<void> {
        const answer = await this.send(
            "POST",
            `/redfish/v1/Systems/${uuid}/Actions/ComputerSystem.Reset`,
            { ResetType: type },
            signal,
        );
        if (answer.status >= 300) {
            throw new RedfishError(
                `reset ${type} of ${uuid} was refused: ${answer.status} ${answer.text.slice(0, 300)}`,
            );
        }
    }

    /** @throws RedfishError when the BMC does not answer or does not know the host */
    async system(uuid: string, signal: AbortSignal): Promise<RedfishSystem> {
        const answer = await this.send("GET", `/redfish/v1/Systems/${uuid}`, undefined, signal);
        const parsed = systemSchema.safeParse(answer.json);
        if (answer.status !== 200 || !parsed.success) {
            throw new RedfishError(`system ${uuid} cannot be read: ${answer.status} ${answer.text.slice(0, 300)}`);
        }
        const bootDevice = parsed.data.Boot?.BootSourceOverrideTarget ?? undefined;
        return {
            power: parsed.data.PowerState === "On" ? "On" : "Off",
            bootDevice,
            ...(bootDevice === "Cd" ? { medium: await this.hasMedium(uuid, signal) } : {}),
        };
    }

    private async hasMedium(uuid: string, signal: AbortSignal): Promise<boolean> {
        const answer = await this.send("GET", `/redfish/v1/Systems/${uuid}/VirtualMedia/Cd`, undefined, signal);
        const parsed = mediumSchema.safeParse(answer.json);
        if (answer.status !== 200 || !parsed.success) {
            throw new RedfishError(
                `virtual media of ${uuid} cannot be read: ${answer.status} ${answer.text.slice(0, 300)}`,
            );
        }
        return parsed.data.Inserted;
    }

    private async send(
        method: "GET" | "POST",
        path: string,
        body: unknown,
        signal: AbortSignal,
    ): Promise<{ status: number; json: unknown; text: string }> {
        try {
            return await this.http.send(method, this.url + path, {
                headers: this.headers,
                body,
                timeoutMs: this.timeoutMs,
                signal,
            });
        } catch (error) {
            if (error instanceof NoAnswerError) {
                throw new RedfishError(error.message, { cause: error });
            }
            throw error;
        }
    }
}
