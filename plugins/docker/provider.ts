/** The stand-in for the docker provider: tokens of @pulumi/docker 5.2.0. */
import { ProviderDefinition } from "../shared/definition";
import { configure, hostComplaint } from "./client";
import { container } from "./container";
import { remoteImage } from "./image";
import { network } from "./network";
import { text } from "./types";
import { volume } from "./volume";

export const dockerProvider: ProviderDefinition = {
    name: "docker",
    version: "5.2.0",
    description: "Stand-in for the docker provider, for machines that cannot download it.",
    config: {
        host: text(
            "Address of the daemon: unix:///PATH or tcp://HOST:PORT. Default: DOCKER_HOST, else unix:///var/run/docker.sock.",
            { rule: hostComplaint },
        ),
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
    resources: [container, network, volume, remoteImage],
    configure,
};
