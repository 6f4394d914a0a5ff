import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { dockerLabels, LABELS_ONCE } from "../../plan/docker-labels";
import { PAIR_ENVIRONMENT, PAIR_PATHS, pairConfiguration } from "../../plan/manifests/pair-configuration";
import { versionLabel } from "../../plan/part-versions";
import { pythonAssignments } from "../../plan/python";
import type { FakeNodePair, FakeNodePairArgs } from "./pair";

export interface DockerPairArgs extends FakeNodePairArgs {
    /** Docker network that is the provisioning network. */
    networkName: pulumi.Input<string>;
    dockerProvider: docker.Provider;
}

/** A pair as two Docker containers on the provisioning network. */
export class DockerPair extends pulumi.ComponentResource implements FakeNodePair {
    /** Only the containers: a host does not need their volumes. */
    readonly resources: pulumi.Resource[];
    readonly containers: pulumi.Input<string>[];

    constructor(name: string, args: DockerPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:FakeNodePair", name, {}, opts);
        const child = { parent: this, provider: args.dockerProvider };
        const { pair } = args;
        const fakeIpa = createContainer("fake-ipa", pair.fakeIpaHost, PAIR_PATHS.fakeIpaState, args, child);
        const sushyTools = createContainer("sushy-tools", pair.sushyToolsHost, PAIR_PATHS.sushyToolsState, args, child);
        this.resources = [sushyTools, fakeIpa];
        this.containers = [sushyTools.name, fakeIpa.name];
        this.registerOutputs({ hosts: pair.hosts.length });
    }
}

/** The files that a container gets. Each has only its side of the BMCs' password. */
function files(
    image: "sushy-tools" | "fake-ipa",
    { pair, config, ironicUrl, caCertificate, bmc, certificate }: DockerPairArgs,
) {
    const configuration = pythonAssignments(pairConfiguration(pair, config, ironicUrl));
    return [
        { file: PAIR_PATHS.configuration, content: configuration },
        { file: PAIR_PATHS.caCertificate, content: pulumi.output(caCertificate) },
        image === "sushy-tools"
            ? { file: PAIR_PATHS.bmcHtpasswd, content: pulumi.secret(bmc.htpasswd) }
            : { file: PAIR_PATHS.bmcPassword, content: pulumi.secret(bmc.password) },
        ...(image === "sushy-tools" && certificate !== undefined
            ? [
                  { file: PAIR_PATHS.bmcCertificate, content: certificate.cert },
                  { file: PAIR_PATHS.bmcKey, content: pulumi.secret(certificate.key) },
              ]
            : []),
    ];
}

/** @param stateDirectory kept in a volume, so that it survives a restart and a new container of another image */
function createContainer(
    image: "sushy-tools" | "fake-ipa",
    address: string,
    stateDirectory: string,
    args: DockerPairArgs,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const { plan, images, networkName, pair } = args;
    const name = `${plan.prefix}-${pair.name}-${image}`;
    const ofSushyTools = versionLabel("sushyTools", images.version("sushyTools"));
    const volume = new docker.Volume(
        `${pair.name}-${image}-state`,
        { name: `${name}-state`, labels: dockerLabels(plan) },
        { ...opts, ...LABELS_ONCE },
    );
    return new docker.Container(
        `${pair.name}-${image}`,
        {
            name,
            hostname: `${pair.name}-${image}`,
            image: images.local(image),
            envs: Object.entries(PAIR_ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
            uploads: files(image, args),
            volumes: [{ volumeName: volume.name, containerPath: stateDirectory }],
            networksAdvanced: [{ name: networkName, ipv4Address: address }],
            restart: "unless-stopped",
            destroyGraceSeconds: 5,
            labels: [...dockerLabels(plan), ...(image === "sushy-tools" ? ofSushyTools : [])],
        },
        { ...opts, deleteBeforeReplace: true },
    );
}
