/** The replacement for the docker plugin. It serves the tokens of @pulumi/docker that the lab uses. */
import { ProviderDefinition } from "../shared/definition";
import { VERSIONS } from "../versions";
import { configure, hostComplaint } from "./client";
import { container } from "./container";
import { network } from "./network";
import { text } from "./types";
import { volume } from "./volume";

export const dockerProvider: ProviderDefinition = {
    name: "docker",
    version: VERSIONS.docker,
    description: "Replacement for the docker plugin, for machines that cannot download it.",
    fillsDefaults: true,
    config: {
        // @pulumi/docker fills it in from DOCKER_HOST.
        host: text("Address of the daemon, unix:///PATH or tcp://HOST:PORT. Default: unix:///var/run/docker.sock.", {
            rule: hostComplaint,
        }),
    },
    configNotServed: [
        "caMaterial",
        "certMaterial",
        "certPath",
        "context",
        "disableDockerDaemonCheck",
        "keyMaterial",
        "registryAuth",
        "sshOpts",
    ],
    resources: [container, network, volume],
    configure,
};
