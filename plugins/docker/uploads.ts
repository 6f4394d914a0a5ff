/** Files that are put into a container before it starts. */
import { Header, Pax } from "tar";
import { Properties } from "../shared/values";

const BLOCK = 512;

/** All files as one tar archive, to be unpacked at the container's root. */
export function archiveOf(uploads: Properties[]): Buffer {
    const parts = uploads.flatMap((upload) =>
        entry(
            (upload["file"] as string).replace(/^\/+/, ""),
            upload["executable"] === true ? 0o744 : 0o644,
            Buffer.from(upload["content"] as string, "utf8"),
        ),
    );
    // Two empty blocks end an archive.
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function entry(path: string, mode: number, content: Buffer): Buffer[] {
    const header = new Header({ path, mode, size: content.length, mtime: new Date(), type: "File", uid: 0, gid: 0 });
    const block = Buffer.alloc(BLOCK);
    // A path that does not fit the header goes into an extended one before it.
    const extended = header.encode(block) ? [new Pax({ path, size: content.length }).encode()] : [];
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [...extended, block, content, padding];
}
