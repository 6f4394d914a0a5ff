import { fetch } from "undici";
import { z } from "zod";
import { unverified } from "../../../lib/unverified";
import { waitUntil } from "../../../lib/wait-until";
import { systemUrl } from "../../../plan/bmc";

/** Longest time for an answer of the BMC, milliseconds. */
const ANSWER_MS = 30_000;
/** Longest time until the power is as the BMC was told; the published lab's BMCs take up to 11 s. */
const POWER_MS = 60_000;
/** Pause between two looks at the power. */
const LOOK_MS = 250;

export type Power = "On" | "Off";

const SYSTEM = z.object({ PowerState: z.enum(["On", "Off"]) });

/** A host's BMC, asked by Redfish as somebody would who goes past Ironic. */
export class Bmc {
    private readonly url: string;
    private readonly authorization: string;

    /** @param address as a BareMetalHost has it: redfish+http://ADDRESS/redfish/v1/Systems/UUID */
    constructor(address: string, login: { username: string; password: string }) {
        this.url = systemUrl(address);
        this.authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
    }

    /**
     * Changes the power, and returns when the BMC says that it has changed.
     * @returns when the BMC was told
     */
    async change(to: Power): Promise<Date> {
        const told = new Date();
        const ResetType = to === "On" ? "On" : "ForceOff";
        await this.ask("/Actions/ComputerSystem.Reset", JSON.stringify({ ResetType }));
        await waitUntil({
            what: `the power of ${this.url} to be ${to}`,
            timeoutMs: POWER_MS,
            everyMs: LOOK_MS,
            look: async () => {
                const { PowerState } = SYSTEM.parse(JSON.parse(await this.ask("")));
                return PowerState === to ? { done: true } : { pending: [`it is ${PowerState}`] };
            },
        });
        return told;
    }

    /** @param body of a POST; without it the request is a GET */
    private async ask(path: string, body?: string): Promise<string> {
        const response = await fetch(`${this.url}${path}`, {
            method: body === undefined ? "GET" : "POST",
            headers: { authorization: this.authorization, "content-type": "application/json" },
            dispatcher: unverified,
            signal: AbortSignal.timeout(ANSWER_MS),
            ...(body === undefined ? {} : { body }),
        });
        const text = await response.text();
        if (!response.ok) {
            throw new Error(`${this.url}${path} answered ${response.status}: ${text.slice(0, 200)}`);
        }
        return text;
    }
}
