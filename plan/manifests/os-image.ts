import { createHash } from "node:crypto";
import type { MachineImage } from "./cluster-class-patches";

/**
 * The operating system of every host: the fake agents write no disk, so a small file is enough, but Ironic
 * verifies its checksum.
 */
export const OS_IMAGE = { file: "lab-os.raw", content: "An operating system for hosts that do not exist.\n" };

/** The image as the lab's own image server has it. @param namespace of Ironic and the image server */
export const osImage = (namespace: string): MachineImage => ({
    url: `http://ironic-image-server.${namespace}.svc:8080/images/${OS_IMAGE.file}`,
    checksum: createHash("sha256").update(OS_IMAGE.content).digest("hex"),
    checksumType: "sha256",
    diskFormat: "raw",
});
