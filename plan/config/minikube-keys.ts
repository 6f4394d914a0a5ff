import { z } from "zod";
import { derived, withDefault } from "./definition";
import * as values from "./values";

const AT_CREATION = "Refused: minikube changes no machine that is there.";

/** Keys of the substrate `minikube`. With another substrate they must not be set. */
export const minikubeKeys = {
    minikubeDriver: withDefault(values.choice(["kvm2", "docker"] as const), "kvm2", {
        meaning:
            "What minikube's machine is. `kvm2`: a virtual machine, as in the published lab. " +
            "`docker`: a container, where there is no KVM.",
        range: "`kvm2`, `docker`",
        effects: ["another lab"],
        onChange: "Refused: another machine is another lab.",
    }),
    minikubeCpus: derived(values.integer(2, 512), {
        meaning: "Processors of minikube's machine.",
        range: "processors, 2 to 512",
        unset: "4, and one more per 50 hosts, at most 24",
        effects: ["another lab"],
        onChange: AT_CREATION,
    }),
    minikubeMemory: derived(values.integer(4096, 4_194_304), {
        meaning: "Memory of minikube's machine.",
        range: "MiB, 4096 to 4194304",
        unset: "10240, and 22 more per host",
        effects: ["another lab"],
        onChange: AT_CREATION,
    }),
    minikubeDisk: withDefault(values.integer(20, 10_000), "40", {
        meaning: "Disk of minikube's virtual machine. A container has none of its own.",
        range: "GiB, 20 to 10000",
        effects: ["another lab"],
        onChange: AT_CREATION,
    }),
    minikubeBaseImage: derived(z.literal("built").or(values.pinnedReference), {
        meaning:
            "Image of minikube's container. `built`: one that is built on this machine, " +
            "where minikube's own (kicbase) cannot be downloaded.",
        range: "`built`, or an image reference pinned by tag or digest",
        unset: "minikube's own",
        effects: ["another lab"],
        onChange: AT_CREATION,
    }),
    libvirtUri: withDefault(
        z
            .string()
            .regex(/^qemu(\+unix)?:\/\/\/system(\?socket=\S+)?$/, "must be qemu:///system, or with ?socket=PATH added"),
        "qemu:///system",
        {
            meaning: "Connection to the libvirt daemon of this machine, which has the network and the virtual machine.",
            range: "`qemu:///system`, with `?socket=PATH` where its socket is elsewhere",
            effects: ["another lab"],
            onChange: "Refused: another daemon has another network.",
        },
    ),
    libvirtNetwork: withDefault(
        z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,49}$/, "must be up to 50 letters, digits, _ or -, a letter first"),
        "baremetal",
        {
            meaning: "Name of the provisioning network in libvirt. Each lab needs its own.",
            range: "up to 50 letters, digits, `_`, `-`",
            effects: ["another lab"],
            onChange: "Refused: the network would be replaced under the machine.",
        },
    ),
} as const;
