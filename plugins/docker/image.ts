/** Finding a container's image. */
import type Docker from "dockerode";
import { Context } from "../shared/definition";
import { inspected, reason } from "./client";

/** Pulls the image where the local store does not have it. @throws Error where the registry does not have it either */
export async function ensureImage(client: Docker, name: string, context: Context): Promise<void> {
    if ((await inspected(client.getImage(name).inspect())) !== undefined) {
        return;
    }
    context.progress(`pulling ${name}`);
    try {
        const stream = (await client.pull(name, {}));
        await new Promise<void>((resolve, reject) => {
            const abort = (): void => reject(new Error("cancelled"));
            context.signal.addEventListener("abort", abort, { once: true });
            client.modem.followProgress(stream, (error: Error | null) => (error === null ? resolve() : reject(error)));
        });
        await client.getImage(name).inspect();
    } catch (error) {
        throw new Error(`image ${name} is not in the local store and cannot be pulled: ${reason(error)}`, {
            cause: error,
        });
    }
}
