/** One compressed archive in a bundle. */
export interface Part {
    /** Bytes. */
    size: number;
    /** In hex. */
    sha256: string;
    /** Bytes before they were compressed: about the room that the content takes. */
    unpacked: number;
}

/** What a bundle says of itself. */
export interface About {
    format: number;
    /** Kind of the machines that it is for: "linux-x64". */
    platform: string;
    /** Commit of the checkout that it was made from, for messages. */
    commit: string;
    /** Time when it was made, ISO 8601. */
    made: string;
    /** The stack whose lab it is made for. */
    stack: string;
    /** SHA-256 of package-lock.json, in hex. */
    lock: string;
    /** Names of the entries of the toolchain's cache. */
    entries: string[];
    /** References of the images. */
    images: string[];
    /** The archives by name. */
    parts: Record<string, Part>;
}

export const FORMAT: number;
export const ABOUT: string;
export const PARTS: { packages: string; cache: string; images: string };
export const platform: string;
export function aboutText(about: About): string;
export function checkoutCommit(root: string): string;
export function readAbout(file: string): Promise<About>;
export function verifyBundle(file: string): Promise<About>;
export function feed(file: string, member: string, command: string, ...args: string[]): string[];
export function unpack(file: string, member: string, folder: string): string[];
