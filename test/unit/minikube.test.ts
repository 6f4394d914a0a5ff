import { expect } from "chai";
import { substrateNeeds } from "../../machine/needs";
import { machineState } from "../../plan/substrate/minikube-status";
import { ConfigurationError, validate } from "../../plan/validate";
import { cutOff } from "../../tasks/minikube/bridge-containers";
import { errorMessage, parseEvent } from "../../tasks/minikube/events";
import { parseNics } from "../../tasks/minikube/libvirt";
import { atAddress } from "../../tasks/minikube/machine";
import { startArguments, type MachineSpec } from "../../tasks/minikube/spec";

const DOCKER: MachineSpec = {
    profile: "m3lab-dev",
    driver: "docker",
    kubernetesVersion: "v1.35.1",
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    address: "192.168.222.2",
    cpus: 4,
    memoryMib: 10_240,
    diskGib: 40,
    dockerNetwork: "m3lab-dev",
};
const KVM: MachineSpec = {
    ...DOCKER,
    driver: "kvm2",
    libvirt: { uri: "qemu:///system", network: "baremetal", mac: "52:54:00:01:02:03" },
};

describe("What minikube is told", () => {
    it("is the lab's own profile, without the user's context and without a question", () => {
        for (const spec of [DOCKER, KVM]) {
            const args = startArguments(spec, false);
            expect(args[0]).to.equal("start");
            expect(args).to.include.members(["--profile=m3lab-dev", "--keep-context", "--interactive=false"]);
            expect(args).to.include.members(["--cpus=4", "--memory=10240mb", "--kubernetes-version=v1.35.1"]);
            expect(args).to.include("--apiserver-ips=192.168.222.2");
        }
    });

    it("is forced for root alone, because forced it checks neither processors nor memory", () => {
        expect(startArguments(DOCKER, true)).to.include("--force");
        expect(startArguments(DOCKER, false)).to.not.include("--force");
    });

    it("names the Docker network and the address with the driver docker", () => {
        const args = startArguments(DOCKER, false);
        expect(args).to.include.members(["--driver=docker", "--network=m3lab-dev", "--static-ip=192.168.222.2"]);
        expect(args.join(" ")).to.not.include("base-image");
        expect(startArguments({ ...DOCKER, baseImage: "x/y:1" }, false)).to.include.members([
            "--base-image=x/y:1",
            "--preload=false",
        ]);
    });

    it("never names the provisioning network under KVM: minikube delete would remove it", () => {
        const args = startArguments(KVM, false);
        expect(args).to.include.members(["--driver=kvm2", "--kvm-qemu-uri=qemu:///system", "--disk-size=40g"]);
        expect(args.join(" ")).to.not.match(/baremetal|--network|--static-ip/);
    });
});

describe("What minikube tells", () => {
    const event = (type: string, data: object): string =>
        JSON.stringify({ type: `io.k8s.sigs.minikube.${type}`, data });

    it("is read as steps, warnings and errors; other lines are left out", () => {
        expect(parseEvent(event("step", { currentstep: "9", totalsteps: "19", message: "Creating…\n" }))).to.deep.equal(
            {
                step: "9/19 Creating…",
            },
        );
        expect(parseEvent(event("warning", { message: "old" }))).to.deep.equal({ warning: "old" });
        expect(parseEvent(event("error", { message: "on it goes" }))).to.deep.equal({ warning: "on it goes" });
        expect(parseEvent(event("download.progress", { progress: "0.5" }))).to.equal(undefined);
        expect(parseEvent("* not JSON")).to.equal(undefined);
    });

    it("reaches a person with the key that helps: the last error has ended it", () => {
        const read = (name: string, message: string, advice = ""): { id: string; message: string; advice: string } => {
            const found = parseEvent(event("error", { exitcode: "29", name, message, advice }));
            return found !== undefined && "error" in found ? found.error : { id: "", message: "", advice: "" };
        };
        const errors = [
            read("PR_KVM_USER_PERMISSION", "not in the group"),
            read("RSRC_INSUFFICIENT_CORES", "Requested cpu count 64 is greater than 2", "try {{.advised}}"),
        ];
        expect(errorMessage(errors, "")).to.equal(
            "minikube start failed: Requested cpu count 64 is greater than 2 (RSRC_INSUFFICIENT_CORES). " +
                "see the key minikubeCpus",
        );
        expect(errorMessage([], "it fell over")).to.include("it fell over");
    });

    it("is a machine that runs, has stopped, or does not exist", () => {
        const status = (Host: string, APIServer = Host): string =>
            JSON.stringify({ Name: "m3lab-dev", Host, Kubelet: APIServer, APIServer, Kubeconfig: "Configured" });
        expect(machineState(status("Running"), 0)).to.equal("running");
        expect(machineState(status("Stopped"), 7)).to.equal("stopped");
        expect(machineState(status("Running", "Stopped"), 6)).to.equal("stopped");
        expect(machineState(status("Nonexistent"), 7)).to.equal("absent");
        expect(machineState('* Profile "m3lab-dev" not found.', 85)).to.equal("absent");
        expect(machineState("null", 7)).to.equal("absent");
        expect(() => machineState(undefined, undefined)).to.throw("could not be started");
        expect(() => machineState("", 1)).to.throw("exit code 1");
    });

    it("is a kubeconfig, of which the lab takes its own entry and the address that stays", () => {
        const minikubes = `apiVersion: v1
kind: Config
clusters:
- {name: other, cluster: {server: "https://10.0.0.1:6443", certificate-authority-data: b3RoZXI=}}
- {name: m3lab-dev, cluster: {server: "https://127.0.0.1:32769", certificate-authority-data: Y2E=}}
users:
- {name: m3lab-dev, user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}}
contexts: []
`;
        const text = atAddress(minikubes, DOCKER);
        expect(JSON.parse(text)).to.deep.include({ "current-context": "m3lab-dev" });
        expect(text).to.include("https://192.168.222.2:8443").and.not.include("other").and.not.include("127.0.0.1");
        expect(() => atAddress(minikubes, { ...DOCKER, profile: "m3lab-x" })).to.throw("m3lab-x");
    });
});

describe("A virtual machine's NICs", () => {
    const xml = (devices: string): string => `<domain type='kvm'><name>m3lab-dev</name>${devices}</domain>`;

    it("are read from libvirt's description, of a machine that runs and of one that is off", () => {
        const text = xml(`<devices>
  <disk type='file'><target dev='hda' bus='virtio'/></disk>
  <interface type='network'>
    <mac address='52:54:00:aa:bb:cc'/>
    <source network='mk-m3lab-dev' portid='1' bridge='virbr1'/>
    <target dev='vnet0'/>
    <model type='virtio'/>
  </interface>
  <interface type='network'><mac address='52:54:00:01:02:03'/><source network='a &amp; b'/></interface>
  <interface type='user'/>
</devices>`);
        expect(parseNics(text).map(({ mac, network, tap }) => ({ mac, network, tap }))).to.deep.equal([
            { mac: "52:54:00:aa:bb:cc", network: "mk-m3lab-dev", tap: "vnet0" },
            { mac: "52:54:00:01:02:03", network: "a & b", tap: undefined },
            { mac: undefined, network: undefined, tap: undefined },
        ]);
    });

    it("are none where it has no devices, and an error where the description is cut short", () => {
        expect(parseNics(xml(""))).to.deep.equal([]);
        expect(() => parseNics("<domain><devices><interface type='network'>")).to.throw();
    });
});

describe("The containers on a bridge of libvirt's", () => {
    it("are cut off where fewer of them are ports of the bridge than run, whatever else is a port", () => {
        expect(cutOff(["a", "b"], ["vnet0", "vnet1"])).to.deep.equal(["a", "b"]);
        expect(cutOff(["a", "b"], ["veth1", "vnet0"])).to.deep.equal(["a", "b"]);
        expect(cutOff(["a", "b"], ["veth1", "veth2"])).to.deep.equal([]);
        expect(cutOff([], ["vnet0"])).to.deep.equal([]);
    });
});

describe("The keys of minikube", () => {
    const problems = (raw: Record<string, string>): string[] => {
        try {
            validate(raw);
            return [];
        } catch (error) {
            return (error as ConfigurationError).problems.map(({ key }) => key);
        }
    };

    it("are not blamed for the slip in another key", () => {
        expect(problems({ substrate: "embeded", apiPort: "17000" })).to.deep.equal(["substrate"]);
        expect(problems({ substrate: "minikube", minikubeDriver: "dockr", minikubeBaseImage: "built" })).to.deep.equal([
            "minikubeDriver",
        ]);
    });

    it("are refused where they would change nothing", () => {
        expect(problems({ minikubeCpus: "8", libvirtUri: "qemu+unix:///system" })).to.have.members([
            "minikubeCpus",
            "libvirtUri",
        ]);
        expect(problems({ substrate: "minikube", minikubeBaseImage: "built" })).to.deep.equal(["minikubeBaseImage"]);
        expect(problems({ substrate: "minikube", minikubeDriver: "docker", libvirtNetwork: "x" })).to.deep.equal([
            "libvirtNetwork",
        ]);
        expect(problems({ substrate: "minikube", apiPort: "17000" })).to.deep.equal(["apiPort"]);
        expect(problems({ substrate: "minikube" })).to.deep.equal([]);
    });

    it("have values that Linux and libvirt can take", () => {
        expect(problems({ substrate: "minikube", libvirtNetwork: "no spaces" })).to.have.length(1);
        for (const libvirtUri of ["nonsense", "qemu:///session", "qemu+ssh://far/system", "qemu://[x"]) {
            expect(problems({ substrate: "minikube", libvirtUri }), libvirtUri).to.deep.equal(["libvirtUri"]);
        }
        expect(problems({ substrate: "minikube", libvirtUri: "qemu:///system?socket=/run/s" })).to.deep.equal([]);
        const docker = { substrate: "minikube", minikubeDriver: "docker", provisioningCidr: "100.64.0.0/24" };
        expect(problems(docker)).to.deep.equal(["provisioningCidr"]);
        expect(problems({ substrate: "minikube", minikubeMemory: "1024" })).to.have.length(1);
    });

    it("tell the toolchain what to make", () => {
        expect(substrateNeeds({})).to.deep.equal({ tools: [], plugins: [], moreImages: [] });
        expect(substrateNeeds({ substrate: "minikube" })).to.deep.include({
            tools: ["minikube"],
            plugins: ["libvirt"],
        });
        const docker = { substrate: "minikube", minikubeDriver: "docker", minikubeBaseImage: "built" };
        expect(substrateNeeds(docker)).to.deep.include({ plugins: [], moreImages: ["minikube-base"] });
    });
});
