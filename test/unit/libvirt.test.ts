import { expect } from "chai";
import { socketOf } from "../../lib/libvirt-socket";
import {
    libvirtProblems,
    parseNetworkXml,
    parseRoutes,
    type LibvirtFacts,
    type LibvirtNetworkFacts,
} from "../../machine/minikube/libvirt-facts";
import { libvirtNetworkPlan } from "../../plan/libvirt-network";

const URI = "qemu:///system";
const wanted = libvirtNetworkPlan("dev", "baremetal", "192.168.222.0/24", "m3lab-dev");
const other: LibvirtNetworkFacts = {
    name: "default",
    uuid: "4e3d3b1c-3a0f-4a49-8d5e-8ff0b9a4f0a1",
    active: true,
    bridge: "virbr0",
    cidrs: ["192.168.122.0/24"],
};
const fine: LibvirtFacts = {
    missingCommands: [],
    networks: [other],
    routes: [
        { interface: "eth0", cidr: "10.0.0.0/24" },
        { interface: "virbr0", cidr: "192.168.122.0/24" },
    ],
};
const problems = (facts: Partial<LibvirtFacts>): string[] =>
    libvirtProblems(URI, wanted, { ...fine, ...facts }).map(({ key, value, rule }) => `${key} = ${value}: ${rule}`);

/** A network as `virsh net-dumpxml` of libvirt 9.0 writes it. */
const XML = `<network connections='1'>
  <name>lab &amp; more</name>
  <uuid>4e3d3b1c-3a0f-4a49-8d5e-8ff0b9a4f0a1</uuid>
  <forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>
  <bridge name='virbr7' stp='on' delay='0'/>
  <mac address='52:54:00:11:22:33'/>
  <dns><host ip='192.168.99.9'><hostname>a</hostname></host></dns>
  <ip address='192.168.130.129' netmask='255.255.255.128'>
    <dhcp>
      <range start='192.168.130.130' end='192.168.130.254'/>
      <host mac='52:54:00:00:00:01' name='a' ip='192.168.130.131'/>
    </dhcp>
  </ip>
  <ip family='ipv4' address='10.3.0.1' prefix='12'>
  </ip>
  <ip family='ipv6' address='fd00::1' prefix='64'>
  </ip>
</network>
`;

describe("The libvirt network's plan", () => {
    it("gives a stack the same network each time, and another stack another bridge, UUID and MAC address", () => {
        expect(libvirtNetworkPlan("dev", "baremetal", "192.168.222.0/24", "m3lab-dev")).to.deep.equal(wanted);
        const second = libvirtNetworkPlan("second", "baremetal", "192.168.222.0/24", "m3lab-second");
        expect(second.bridge).to.not.equal(wanted.bridge);
        expect(second.uuid).to.not.equal(wanted.uuid);
        expect(second.node.mac).to.not.equal(wanted.node.mac);
    });

    it("names a bridge that the kernel takes, and a unicast MAC address with QEMU's prefix", () => {
        for (const seed of ["a", "a-very-long-name-of-a-stack-that-somebody-chose", "dev"]) {
            const { bridge, node } = libvirtNetworkPlan(seed, "baremetal", "10.0.0.0/16", "node");
            expect(bridge)
                .to.match(/^m3lab-[0-9a-f]{8}$/)
                .and.have.length.at.most(15);
            expect(node.mac).to.match(/^52:54:00(:[0-9a-f]{2}){3}$/);
        }
    });

    it("leases no address of a conductor or a pair, and reserves the node's", () => {
        expect(wanted.leased).to.deep.equal({ first: "192.168.222.2", last: "192.168.222.15" });
        expect(wanted.node.address).to.equal("192.168.222.2");
        expect(wanted.gateway).to.equal("192.168.222.1");
    });
});

describe("The look at libvirt", () => {
    it("has nothing to say of a machine that can carry the network", () => {
        expect(problems({})).to.deep.equal([]);
    });

    it("has nothing to say of the lab's own network, started or stopped", () => {
        const own = {
            name: "baremetal",
            uuid: wanted.uuid,
            active: true,
            bridge: wanted.bridge,
            cidrs: ["192.168.222.0/24"],
        };
        const route = { interface: wanted.bridge, cidr: "192.168.222.0/24" };
        expect(problems({ networks: [other, own], routes: [...fine.routes, route] })).to.deep.equal([]);
        expect(problems({ networks: [other, { ...own, active: false }] })).to.deep.equal([]);
    });

    it("says that no libvirt answers, and what to do", () => {
        const text = "connect ENOENT /var/run/libvirt/libvirt-sock";
        expect(problems({ failure: { reason: "no-answer", text }, networks: [] })).to.deep.equal([
            `libvirtUri = ${URI}: no libvirt answers there (${text}): install and start it, or set another URI`,
        ]);
    });

    it("says that the user may not use the socket, and what to do", () => {
        const text = "connect EACCES /var/run/libvirt/libvirt-sock";
        expect(problems({ failure: { reason: "no-rights", text }, networks: [] })).to.deep.equal([
            `libvirtUri = ${URI}: its socket is not open to your user (${text}): ` +
                "join the group libvirt, and log in again",
        ]);
    });

    it("names the package of each command that is missing", () => {
        expect(problems({ missingCommands: ["virsh", "xsltproc"] })).to.deep.equal([
            "substrate = minikube: needs the command virsh, which is not on PATH: install libvirt-clients",
            "substrate = minikube: needs the command xsltproc, which is not on PATH: install xsltproc",
        ]);
    });

    it("finds the name, the bridge and the range taken by another network, all at once", () => {
        const taken = {
            name: "baremetal",
            uuid: other.uuid,
            active: false,
            bridge: wanted.bridge,
            cidrs: ["192.168.0.0/16"],
        };
        expect(problems({ networks: [taken] })).to.deep.equal([
            `libvirtNetwork = baremetal: is the name of a network that is not this lab's (${other.uuid}): set another`,
            `stack = ${wanted.node.name}: has the bridge ${wanted.bridge}, as libvirt's network baremetal has: ` +
                "choose another stack name",
            "provisioningCidr = 192.168.222.0/24: is in use by the libvirt network baremetal (192.168.0.0/16), " +
                "which is stopped",
        ]);
    });

    it("reports the range of another network's bridge once, with the network", () => {
        const taken = { ...other, cidrs: ["192.168.222.0/25"] };
        const routes = [{ interface: "virbr0", cidr: "192.168.222.0/25" }];
        expect(problems({ networks: [taken], routes })).to.deep.equal([
            "provisioningCidr = 192.168.222.0/24: is in use by the libvirt network default (192.168.222.0/25)",
        ]);
    });

    it("finds the range on an interface that is no network of libvirt's", () => {
        const routes = [{ interface: "br-1234", cidr: "192.168.222.0/24" }];
        expect(problems({ routes })).to.deep.equal([
            "provisioningCidr = 192.168.222.0/24: is in use by this machine's interface br-1234 (192.168.222.0/24)",
        ]);
    });

    it("leaves a neighbouring range alone", () => {
        const routes = [
            { interface: "a", cidr: "192.168.221.0/24" },
            { interface: "b", cidr: "192.168.223.0/24" },
        ];
        expect(problems({ routes })).to.deep.equal([]);
    });
});

describe("What libvirt and the kernel write", () => {
    it("is read as a network: name, UUID, bridge and its IPv4 ranges by netmask and by prefix", () => {
        expect(parseNetworkXml(XML)).to.deep.equal({
            name: "lab & more",
            uuid: "4e3d3b1c-3a0f-4a49-8d5e-8ff0b9a4f0a1",
            bridge: "virbr7",
            cidrs: ["192.168.130.128/25", "10.0.0.0/12"],
        });
    });

    it("is read as a network without bridge and range, where it has none", () => {
        const xml = "<network><name>sriov</name><uuid>1</uuid><forward mode='hostdev'/></network>";
        expect(parseNetworkXml(xml)).to.deep.equal({ name: "sriov", uuid: "1", bridge: undefined, cidrs: [] });
    });

    it("is an error where a network has no name", () => {
        expect(() => parseNetworkXml("<network><uuid>1</uuid></network>")).to.throw("without <name>");
    });

    it("is read as connected ranges: the default route and routes by way of a gateway are left out", () => {
        const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000A8C0\t0200000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
virbr0\t807AA8C0\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0
`;
        expect(parseRoutes(text)).to.deep.equal([
            { interface: "eth0", cidr: "10.0.0.0/24" },
            { interface: "virbr0", cidr: "192.168.122.128/25" },
        ]);
    });

    const sockets: [uri: string, socket: string | undefined][] = [
        ["qemu:///system", "/var/run/libvirt/libvirt-sock"],
        ["qemu+unix:///system?socket=/run/my/sock", "/run/my/sock"],
        ["test:///default", "/var/run/libvirt/libvirt-sock"],
        ["an-alias-of-libvirt.conf", undefined],
        ["qemu+ssh://root@kvm.example.org/system", undefined],
        ["qemu://kvm.example.org/system", undefined],
        ["qemu+tcp://kvm.example.org/system", undefined],
    ];
    for (const [uri, socket] of sockets) {
        it(`is reached at ${socket ?? "no socket of this machine"} with the URI ${uri}`, () => {
            expect(socketOf(uri)).to.equal(socket);
        });
    }
});
