// Reads a bundle: the one file that `npm run bundle` makes for a machine without a network. Plain JavaScript that needs
// nothing but Node and the commands sh and tar, because the lab's npm packages are in the bundle.
//
// A bundle is a tar archive of bundle.json and of one compressed archive for each kind of part. bundle.json has the
// size and the hash of each.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";

/** Version of the format. A checkout reads only its own. */
export const FORMAT = 1;

/** The member that says what is in the bundle. */
export const ABOUT = "bundle.json";

/** The compressed archives: node_modules, entries of the toolchain's cache, and images as `docker save` writes them. */
export const PARTS = { packages: "packages.tar.gz", cache: "cache.tar.gz", images: "images.tar.gz" };

/** Programs of a bundle run on machines of this kind. */
export const platform = `${process.platform}-${process.arch}`;

/** SHA-256, in hex, of what bundle.json says. */
const seal = (about) => createHash("sha256").update(JSON.stringify(about)).digest("hex");

/** The text of bundle.json, with its own hash. */
export const aboutText = (about) => `${JSON.stringify({ about, sha256: seal(about) })}\n`;

/**
 * The commit of a checkout, for messages. A checkout that differs from its commit says so; one without git has none.
 */
export function checkoutCommit(root) {
    const git = (...args) => spawnSync("git", ["-C", root, ...args], { encoding: "utf8" });
    const { status, stdout } = git("rev-parse", "HEAD");
    if (status !== 0) {
        return "unknown";
    }
    return git("status", "--porcelain").stdout === "" ? stdout.trim() : `${stdout.trim()} with changes`;
}

/**
 * Hands the content of one member to `use`, piece by piece. Whether all of it came is seen from its hash: tar complains
 * as well about damages elsewhere in the file.
 */
async function eachPiece(file, member, use) {
    // tar takes a name with a colon for one of another machine, so that the file comes as its standard input.
    const input = openSync(file, "r");
    try {
        const tar = spawn("tar", ["-xOf", "-", member], { stdio: [input, "pipe", "ignore"] });
        const failure = new Promise((_, reject) => tar.on("error", reject));
        const read = async () => {
            for await (const piece of tar.stdout) {
                use(piece);
            }
        };
        await Promise.race([read(), failure]);
    } finally {
        closeSync(input);
    }
}

/**
 * What a bundle says of itself.
 * @throws Error when the file is no bundle, is for another kind of machine, or has another format
 */
export async function readAbout(file) {
    let text = "";
    try {
        await eachPiece(file, ABOUT, (piece) => (text += piece));
    } catch (error) {
        throw new Error(`the bundle ${file} cannot be read: ${error.message}`, { cause: error });
    }
    let about;
    try {
        const content = JSON.parse(text);
        about = content.sha256 === seal(content.about) ? content.about : undefined;
    } catch {
        // No JSON: what follows says so.
    }
    if (about === undefined) {
        throw new Error(`${file} is no bundle that \`npm run bundle\` made, or its beginning is damaged`);
    }
    if (about.format !== FORMAT) {
        throw new Error(`${file} is a bundle of format ${about.format}, and this checkout reads format ${FORMAT}`);
    }
    if (about.platform !== platform) {
        throw new Error(`${file} is a bundle for ${about.platform}, and this machine is ${platform}`);
    }
    return about;
}

/**
 * Compares every part of a bundle with size and hash in bundle.json. Changes nothing.
 * @returns what the bundle says of itself
 * @throws Error of `readAbout`, or one that names the part that is damaged or cut off
 */
export async function verifyBundle(file) {
    const about = await readAbout(file);
    for (const [member, { size, sha256 }] of Object.entries(about.parts)) {
        const hash = createHash("sha256");
        let bytes = 0;
        await eachPiece(file, member, (piece) => {
            hash.update(piece);
            bytes += piece.length;
        });
        if (bytes !== size) {
            throw new Error(`${file} is cut off or damaged: ${member} has ${bytes} bytes, not ${size}. Copy it again.`);
        }
        if (hash.digest("hex") !== sha256) {
            throw new Error(`${file} is damaged: ${member} has other content than was put into it. Copy it again.`);
        }
    }
    return about;
}

/** Arguments of sh that make it hand a member of a bundle to the standard input of a command. */
export const feed = (file, member, command, ...args) => [
    "-c",
    'file=$1 member=$2; shift 2; tar -xOf - "$member" <"$file" | "$@"',
    "sh",
    file,
    member,
    command,
    ...args,
];

/**
 * Arguments of sh that unpack a compressed archive of a bundle into a folder. tar itself refuses names that lead out of
 * the folder. Permissions are kept, whatever the umask is, and the files belong to the one who unpacks them.
 */
export const unpack = (file, member, folder) => feed(file, member, "tar", "-xzpof", "-", "-C", folder);
