import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../plan/config/keys";
import type { LabPlan, PairPlan } from "../../plan/plan";
import { pythonAssignments } from "../../plan/python";
import type { Images } from "../../prepare/images";
import { labels, LABELS_ONCE } from "../docker-labels";
import { FAKE_IPA_PORT, SUSHY_TOOLS_PORT } from "../hosts";

export interface FakeNodesArgs {
    config: LabConfig;
    plan: LabPlan;
    images: Images;
    networkName: pulumi.Input<string>;
    /** Base URL of Ironic's API as the agents see it. */
    ironicUrl: pulumi.Input<string>;
    /** Certificate of the CA that signed Ironic's, PEM. */
    caCertificate: pulumi.Input<string>;
    dockerProvider: docker.Provider;
}

const CONFIG_FILE = "/etc/fake-node/conf.py";
const CA_FILE = "/etc/fake-node/ca.crt";

/** One pair: the BMCs (sushy-tools) and the agents (fake-ipa) of a fixed range of hosts, as two Docker containers. */
export class FakeNodePair extends pulumi.ComponentResource {
    readonly sushyTools: docker.Container;
    readonly fakeIpa: docker.Container;

    constructor(name: string, pair: PairPlan, args: FakeNodesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:FakeNodePair", name, {}, opts);
        const child = { parent: this, provider: args.dockerProvider };
        const configuration = pulumi
            .output(args.ironicUrl)
            .apply((url) => pythonAssignments(pairConfiguration(pair, args.config, url)));
        const uploads = [
            { file: CONFIG_FILE, content: configuration },
            { file: CA_FILE, content: pulumi.output(args.caCertificate) },
        ];
        this.fakeIpa = createContainer(
            "fake-ipa",
            pair.fakeIpaAddress,
            pair,
            args,
            { uploads, stateDirectory: "/var/lib/fake-ipa" },
            child,
        );
        this.sushyTools = createContainer(
            "sushy-tools",
            pair.sushyToolsAddress,
            pair,
            args,
            { uploads, stateDirectory: "/var/lib/sushy-tools" },
            child,
        );
        this.registerOutputs({ hosts: pair.hosts.length });
    }

    /** What its hosts need: not the volumes, which the containers need. */
    get containers(): docker.Container[] {
        return [this.sushyTools, this.fakeIpa];
    }
}

/** One file that both read: sushy-tools and fake-ipa know their own keys in it (reference: protocols). */
export function pairConfiguration(pair: PairPlan, config: LabConfig, ironicUrl: string): Record<string, unknown> {
    return {
        SUSHY_EMULATOR_LISTEN_IP: "0.0.0.0",
        SUSHY_EMULATOR_LISTEN_PORT: SUSHY_TOOLS_PORT,
        SUSHY_EMULATOR_STATE_DIR: "/var/lib/sushy-tools",
        SUSHY_EMULATOR_FAKE_DRIVER: true,
        SUSHY_EMULATOR_FAKE_SYSTEMS: pair.hosts.map((host) => ({
            uuid: host.uuid,
            name: host.name,
            power_state: "Off",
            external_notifier: true,
            nics: [{ mac: host.mac, ip: host.address }],
        })),
        EXTERNAL_NOTIFICATION_URL: `http://${pair.fakeIpaAddress}:${FAKE_IPA_PORT}`,
        FAKE_IPA_API_URL: ironicUrl,
        FAKE_IPA_INSPECTION_CALLBACK_URL: `${ironicUrl}/v1/continue_inspection`,
        FAKE_IPA_ADVERTISE_ADDRESS_IP: pair.fakeIpaAddress,
        FAKE_IPA_ADVERTISE_ADDRESS_PORT: FAKE_IPA_PORT,
        FAKE_IPA_CAFILE: CA_FILE,
        FAKE_IPA_INSECURE: false,
        SUSHY_TOOLS_MIN_POWER_TIME: config.fakePowerSeconds.min,
        SUSHY_TOOLS_MAX_POWER_TIME: config.fakePowerSeconds.max,
        FAKE_IPA_MIN_BOOT_TIME: config.fakeBootSeconds.min,
        FAKE_IPA_MAX_BOOT_TIME: config.fakeBootSeconds.max,
        FAKE_IPA_STATE_DIR: "/var/lib/fake-ipa",
        SUSHY_FAKE_IPA_LISTEN_IP: "0.0.0.0",
        SUSHY_FAKE_IPA_LISTEN_PORT: FAKE_IPA_PORT,
        FAKE_IPA_REDFISH_URL: `http://${pair.sushyToolsAddress}:${SUSHY_TOOLS_PORT}`,
    };
}

interface PairContainer {
    uploads: { file: string; content: pulumi.Input<string> }[];
    /** What survives a restart, and a new container of another image. */
    stateDirectory: string;
}

function createContainer(
    image: "sushy-tools" | "fake-ipa",
    address: string,
    pair: PairPlan,
    { plan, images, networkName }: FakeNodesArgs,
    { uploads, stateDirectory }: PairContainer,
    opts: pulumi.CustomResourceOptions,
): docker.Container {
    const name = `${plan.prefix}-${pair.name}-${image}`;
    const volume = new docker.Volume(
        `${pair.name}-${image}-state`,
        { name: `${name}-state`, labels: labels(plan) },
        { ...opts, ...LABELS_ONCE },
    );
    return new docker.Container(
        `${pair.name}-${image}`,
        {
            name,
            hostname: `${pair.name}-${image}`,
            image: images.reference(image),
            // Each program's own variable for the one file.
            envs: [`CONFIG=${CONFIG_FILE}`, `SUSHY_EMULATOR_CONFIG=${CONFIG_FILE}`],
            uploads,
            volumes: [{ volumeName: volume.name, containerPath: stateDirectory }],
            networksAdvanced: [{ name: networkName, ipv4Address: address }],
            restart: "unless-stopped",
            destroyGraceSeconds: 5,
            labels: labels(plan),
        },
        { ...opts, deleteBeforeReplace: true },
    );
}
