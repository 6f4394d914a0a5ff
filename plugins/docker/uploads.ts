/** Files that are put into a container before it starts. */
import { readFile } from "node:fs/promises";
import { Header, Pax } from "tar";
import { Failure } from "../shared/property";
import { Properties, holdsUnknown } from "../shared/values";

const BLOCK = 512;
const SOURCES = ["content", "contentBase64", "source"] as const;

/** One and only one source of the content: upstream's rule. An empty text is content. */
export function checkUploads(uploads: Properties[]): Failure[] {
    return uploads.flatMap((upload, index) => {
        const given = SOURCES.filter((name) => upload[name] !== undefined);
        return given.length === 1 || holdsUnknown(upload)
            ? []
            : [
                  {
                      property: `uploads[${index}]`,
                      reason: `uploads[${index}] must have one of ${SOURCES.join(", ")}, but has ${given.length === 0 ? "none" : given.join(" and ")}`,
                  },
              ];
    });
}

/** All files as one tar archive, to be unpacked at the container's root. */
export async function archiveOf(uploads: Properties[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (const upload of uploads) {
        const content = await contentOf(upload);
        const permissions = upload["permissions"] as string | undefined;
        const mode =
            permissions !== undefined ? Number.parseInt(permissions, 8) : upload["executable"] === true ? 0o744 : 0o644;
        parts.push(...entry((upload["file"] as string).replace(/^\/+/, ""), mode, content));
    }
    // Two empty blocks end an archive.
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

async function contentOf(upload: Properties): Promise<Buffer> {
    if (upload["source"] !== undefined) {
        return readFile(upload["source"] as string);
    }
    return upload["contentBase64"] === undefined
        ? Buffer.from(upload["content"] as string, "utf8")
        : Buffer.from(upload["contentBase64"] as string, "base64");
}

function entry(path: string, mode: number, content: Buffer): Buffer[] {
    const header = new Header({ path, mode, size: content.length, mtime: new Date(), type: "File", uid: 0, gid: 0 });
    const block = Buffer.alloc(BLOCK);
    // A path that does not fit the header goes into an extended one before it.
    const extended = header.encode(block) ? [new Pax({ path, size: content.length }).encode()] : [];
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [...extended, block, content, padding];
}
