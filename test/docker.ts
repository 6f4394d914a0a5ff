/** Runs `docker`. @returns all that it said. @throws Error with that when it fails */
export async function docker(...args: string[]): Promise<string> {
    const { execa } = await import("execa");
    return (await execa("docker", args, { stdin: "ignore", all: true, stripFinalNewline: false })).all;
}

/** Whether Docker answers, for tests that are skipped without it. */
export const isDockerThere = (): Promise<boolean> =>
    docker("version").then(
        () => true,
        () => false,
    );
