import { docker } from "../../docker";

/** Builds Ironic in the shape of upstream's image. @param reference the name that it gets */
export async function buildUpstreamIronic(ironic: string, reference: string): Promise<void> {
    await docker("build", "--force-rm", "--build-arg", `IRONIC=${ironic}`, "--tag", reference, __dirname);
}
