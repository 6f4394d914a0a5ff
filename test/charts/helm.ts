import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../plan/manifests/documents";

export const CHART = path.resolve(__dirname, "../../charts/ironic");

/** The `helm` on PATH, else the one in the folder that LAB_BIN names. */
const helm = [...(process.env["PATH"] ?? "").split(path.delimiter), process.env["LAB_BIN"] ?? ""]
    .map((folder) => path.join(folder, "helm"))
    .find((file) => path.isAbsolute(file) && existsSync(file));

export interface Rendered extends Manifest {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- objects of every kind
    [key: string]: any;
}

/** Runs helm. @throws Error when there is no helm on PATH. */
export function runHelm(args: string[]): { status: number | null; output: string } {
    if (helm === undefined) {
        throw new Error("no helm on PATH: `npm test` brings it, or set LAB_BIN to the folder it is in");
    }
    const { status, stdout, stderr } = spawnSync(helm, args, { encoding: "utf8", maxBuffer: 1 << 26 });
    return { status, output: stdout + stderr };
}

const valueArgs = (values: object): string[] =>
    Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);

/** The chart's objects for these values (paths → values). @throws Error with helm's message when it refuses them. */
export function render(values: object = {}, release = "ironic"): Rendered[] {
    const { status, output } = runHelm(["template", release, CHART, "--namespace", "metal3", ...valueArgs(values)]);
    if (status !== 0) {
        throw new Error(output);
    }
    // YAML 1.1, as Helm and Kubernetes read it: 0440 is octal.
    return parseAllDocuments(output, { version: "1.1" })
        .map((document) => document.toJS() as Rendered | null)
        .filter((object) => object !== null);
}

/** helm's message for values it has to refuse. @throws Error when it takes them. */
export function refusal(values: object): string {
    const { status, output } = runHelm(["template", "ironic", CHART, ...valueArgs(values)]);
    if (status === 0) {
        throw new Error(`helm took ${JSON.stringify(values)}`);
    }
    return output;
}

export const identity = ({ kind, metadata }: Rendered): string => `${kind}/${metadata.name}`;

export function find(objects: Rendered[], kind: string, name: string): Rendered {
    const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
    if (found.length !== 1) {
        throw new Error(`${found.length} × ${kind}/${name} among ${objects.map(identity).join(", ")}`);
    }
    return found[0]!;
}

export const provisioningIps = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `192.168.222.${100 + index}`);

/** Sections of an INI file. */
function parseIni(text: string): Record<string, Record<string, string>> {
    const sections: Record<string, Record<string, string>> = {};
    let section: Record<string, string> | undefined;
    for (const line of text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")) {
        const header = /^\[(.+)\]$/.exec(line)?.[1];
        if (header !== undefined) {
            if (header in sections) {
                throw new Error(`section ${header} twice`);
            }
            sections[header] = section = {};
            continue;
        }
        const [, option, value] = /^(\w+) = (.*)$/.exec(line) ?? [];
        if (section === undefined || option === undefined) {
            throw new Error(`not an option: ${line}`);
        }
        if (option in section) {
            throw new Error(`option ${option} twice`);
        }
        section[option] = value ?? "";
    }
    return sections;
}

/** The chart's objects for so many conductors, with further values. */
export const renderConductors = (count: number, values: object = {}): Rendered[] =>
    render({ "provisioning.ips": provisioningIps(count), ...values });

/** ironic.conf of a conductor. */
export const ironicConf = (objects: Rendered[], index = 0): Record<string, Record<string, string>> =>
    parseIni(find(objects, "ConfigMap", `ironic-conductor-${index}`)["data"]["ironic.conf"]);

/** Deployments and StatefulSets. */
export const workloads = (objects: Rendered[]): Rendered[] =>
    objects.filter(({ kind }) => ["Deployment", "StatefulSet"].includes(kind));

/** Specification of the pods of a workload. */
export const podOf = (workload: Rendered): Rendered[string] => workload["spec"].template.spec;

/** Containers of a workload, in the order in which they start. */
export const containers = (workload: Rendered): Rendered[string][] => {
    const pod = podOf(workload);
    return [...(pod.initContainers ?? []), ...pod.containers];
};

/** Pods of a conductor. */
export const conductorPod = (objects: Rendered[], index = 0): Rendered[string] =>
    podOf(find(objects, "Deployment", `ironic-conductor-${index}`));

/** A container of a conductor: provisioning-ip, http, prepare or ironic. */
export function conductorContainer(objects: Rendered[], name: string, index = 0): Rendered[string] {
    const workload = find(objects, "Deployment", `ironic-conductor-${index}`);
    const container = containers(workload).find((container) => container.name === name);
    if (container === undefined) {
        throw new Error(`${identity(workload)} has no container ${name}`);
    }
    return container;
}

/**
 * What a container runs with the Python that has Ironic's modules.
 * @throws Error when it does not take the interpreter from Ironic's own script
 */
export function pythonArguments({ name, command }: Rendered[string]): string[] {
    const [shell, option, script, self, ...rest] = command as string[];
    const expected = 'read -r first < "$(command -v ironic)" && exec ${first#"#!"} "$@"';
    if (shell !== "sh" || option !== "-c" || script !== expected || self !== "sh") {
        throw new Error(`the container ${name} runs ${command.join(" ")}`);
    }
    return rest;
}
