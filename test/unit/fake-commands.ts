import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { StackState } from "../../cli/recovery/state";
import { LAB_LABEL } from "../../plan/docker-labels";
import { ownerLabels, type LabOwner } from "../../plan/lab-owner";
import type { Ready } from "../../toolchain/ensure";

/** A Docker with one lab in it: files "ID NAME", one line an object. It knows the commands that recovery calls. */
const DOCKER = `#!/bin/sh
cd "$FAKE_COMMANDS" || exit 1
list() {
    prefix=$(echo "$*" | sed -n 's/.*label=metal3-scale-lab=\\([^ ]*\\).*/\\1/p')
    grep " $prefix" "$kind" | case "$*" in *Name*) cat ;; *) cut -d ' ' -f 1 ;; esac
}
remove() { grep -v "^$1 " "$kind" > left; mv left "$kind"; }
case "$1 $2" in
    "ps "*) kind=containers; list "$@" ;;
    "network ls") kind=networks; list "$@" ;;
    "volume ls") kind=volumes; list "$@" ;;
    "network inspect") cat inspected ;;
    "rm -f") kind=containers; remove "$4" ;;
    "network rm") kind=networks; remove "$3" ;;
    "volume rm") kind=volumes; remove "$4" ;;
    *) echo "the fake docker does not know: $*" >&2; exit 1 ;;
esac
`;

/** A Pulumi with at most the stack `dev` and another one. It notes which commands have changed something. */
const PULUMI = `#!/bin/sh
cd "$FAKE_COMMANDS" || exit 1
case "$1 $2" in
    "stack ls")
        names=""
        if [ -e state ]; then names='{"name":"dev"}'; fi
        if [ -e other ]; then names="$names\${names:+,}{\\"name\\":\\"other\\"}"; fi
        echo "[$names]" ;;
    "stack export") case "$*" in *"--stack other "*) cat other ;; *) cat state ;; esac ;;
    "stack import") cat > state; echo import >> changes ;;
    "stack init")
        echo '{}' > state
        case "$*" in *--secrets-provider*) echo "init $4 $5" ;; *) echo init ;; esac >> changes ;;
    "stack rm") rm -f state ;;
    "stack select") ;;
    "cancel "*) echo cancel >> changes ;;
    *) echo "the fake pulumi does not know: $*" >&2; exit 1 ;;
esac
`;

/** A machine whose `docker` and `pulumi` are fakes. */
export class FakeCommands {
    private constructor(
        private readonly folder: string,
        private readonly path: string | undefined,
    ) {}

    /** Puts the fakes first on PATH, until `remove`. Docker has a whole lab; the stack does not exist yet. */
    static async create(owner?: LabOwner): Promise<FakeCommands> {
        const folder = await mkdtemp(join(tmpdir(), "fake-commands-"));
        await writeFile(join(folder, "docker"), DOCKER, { mode: 0o755 });
        await writeFile(join(folder, "pulumi"), PULUMI, { mode: 0o755 });
        const fake = new FakeCommands(folder, process.env["PATH"]);
        process.env["PATH"] = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
        process.env["FAKE_COMMANDS"] = folder;
        await fake.write("containers", "c0 m3lab-dev-control-plane\nc1 m3lab-dev-pair-000-fake-ipa\n");
        await fake.write("networks", "n0 m3lab-dev\n");
        await fake.write("volumes", "m3lab-dev-var m3lab-dev-var\n");
        await fake.record(owner);
        return fake;
    }

    /** Gives the lab's network its labels: with the record of who made the lab, or without one. */
    record(owner: LabOwner | undefined): Promise<void> {
        const labels = [{ label: LAB_LABEL, value: "m3lab-dev" }, ...(owner ? ownerLabels(owner) : [])];
        const Labels = Object.fromEntries(labels.map(({ label, value }) => [label, value]));
        return this.write("inspected", JSON.stringify({ Created: "2026-11-29T09:40:12Z", Labels }));
    }

    write(file: string, content: string): Promise<void> {
        return writeFile(join(this.folder, file), content);
    }

    private async read(file: string): Promise<string> {
        const path = join(this.folder, file);
        return existsSync(path) ? readFile(path, "utf8") : "";
    }

    /** Gives the stack a state with resources of these ids. */
    state(...ids: string[]): Promise<void> {
        const resources = ids.map((id) => ({ urn: `urn:${id}`, type: "docker:index/container:Container", id }));
        return this.write("state", JSON.stringify({ deployment: { resources } }));
    }

    /** Number of resources in the stack's state; undefined when there is no stack. */
    async resources(): Promise<number | undefined> {
        const text = await this.read("state");
        return text === "" ? undefined : ((JSON.parse(text) as StackState).deployment?.resources ?? []).length;
    }

    /** Names of all that is in Docker. */
    async objects(): Promise<string[]> {
        const lists = await Promise.all(["containers", "networks", "volumes"].map((file) => this.read(file)));
        return lists.flatMap((list) => list.split("\n").filter(Boolean)).map((line) => line.split(" ")[1] ?? "");
    }

    /** Commands of Pulumi that have changed something. */
    async changes(): Promise<string[]> {
        return (await this.read("changes")).split("\n").filter(Boolean);
    }

    /** How the commands are called, by somebody with a state folder of their own. */
    get ready(): Ready {
        const stateFolder = join(this.folder, "state-folder");
        const env = {
            ...process.env,
            METAL3_SCALE_LAB_STATE: stateFolder,
            PULUMI_BACKEND_URL: `file://${stateFolder}/pulumi`,
            PULUMI_HOME: join(this.folder, "home"),
        };
        const none = { home: undefined, passphraseFile: undefined, stateDir: undefined, backendFolder: undefined };
        const setup = { own: false, variables: {}, backend: env.PULUMI_BACKEND_URL, ...none };
        return { pulumi: join(this.folder, "pulumi"), setup, env };
    }

    async remove(): Promise<void> {
        process.env["PATH"] = this.path;
        delete process.env["FAKE_COMMANDS"];
        await rm(this.folder, { recursive: true });
    }
}
