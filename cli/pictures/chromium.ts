import { join } from "node:path";
import { UserError } from "../../plan/user-error";
import { aptInstall, aptUsable } from "../../toolchain/docker/apt";
import { repoPath } from "../../toolchain/paths";
import { look } from "../../toolchain/run";

/** Names that a Chromium has on PATH. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Debian's packages of Chromium, and of a font that has every character of a report and of a terminal. */
const PACKAGES = ["chromium", "fonts-dejavu-core"];

async function onPath(): Promise<string | undefined> {
    for (const name of NAMES) {
        const found = await look("sh", ["-c", `command -v ${name}`]);
        if (found !== undefined && found.trim() !== "") {
            return found.trim();
        }
    }
    return undefined;
}

/**
 * The path of a Chromium. Where there is none, Debian's is installed, if this process may.
 * @throws UserError that says what to install, where it may not
 */
export async function chromium(say: (text: string) => void): Promise<string> {
    const found = await onPath();
    if (found !== undefined) {
        return found;
    }
    if (!(await aptUsable())) {
        throw new UserError(
            `pictures: there is none of ${NAMES.join(", ")} on PATH, and only root can install it: ` +
                `run \`sudo apt-get install ${PACKAGES.join(" ")}\`, then this command again`,
        );
    }
    say(`installing ${PACKAGES.join(", ")}`);
    await aptInstall(PACKAGES, { log: join(repoPath(), ".lab", "chromium.log") });
    return (await onPath()) ?? "chromium";
}
