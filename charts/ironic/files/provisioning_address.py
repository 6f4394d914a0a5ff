"""The provisioning IP of a conductor on the node's interface in the provisioning network.

Needs the capabilities NET_ADMIN (for the address) and NET_RAW (to announce it).
"""

import ipaddress
import json
import socket
import struct
import subprocess

COMMAND_TIMEOUT = 10  # seconds for `ip`


def log(message):
    print("provisioning-ip:", message, flush=True)


def interfaces():
    """[{ifname, address (MAC), addr_info: [{local, prefixlen}]}] of this network namespace."""
    command = ["ip", "-json", "address", "show"]
    return json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_TIMEOUT).stdout
    )


class ProvisioningAddress:
    """Puts the IP on its interface and takes it off. `interface` "" is the one that has an address in `cidr`."""

    def __init__(self, ip, cidr, interface):
        self.ip, self.cidr, self.interface = ip, cidr, interface

    def find(self):
        """(interface, prefix length) at which the IP belongs; None while there is no such interface.

        On an interface that has another address of the network the IP is a host address (/32): it adds no route and
        stays when that address goes. Alone on its interface it gets the prefix length of the network.
        """
        for link in interfaces():
            others = [
                info["local"]
                for info in link.get("addr_info", [])
                if info["prefixlen"] != self.ip.max_prefixlen
                and info["local"] != str(self.ip)
                and ipaddress.ip_address(info["local"]) in self.cidr
            ]
            if self.interface and link["ifname"] == self.interface:
                return self.interface, self.ip.max_prefixlen if others else self.cidr.prefixlen
            if not self.interface and others:
                return link["ifname"], self.ip.max_prefixlen
        return None

    def holder(self):
        """Name of the interface that has the IP; None when none has."""
        for link in interfaces():
            if any(info["local"] == str(self.ip) for info in link.get("addr_info", [])):
                return link["ifname"]
        return None

    def bindable(self):
        """Whether the kernel lets a socket bind to the IP. A look at the interfaces would start a process."""
        with socket.socket(socket.AF_INET6 if self.ip.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((str(self.ip), 0))
                return True
            except OSError:
                return False

    def ensure(self, thoroughly):
        """Puts the IP on its interface unless it is there. False while there is no such interface.

        `thoroughly` looks at the interfaces: where net.ipv4.ip_nonlocal_bind is set, the kernel lets a socket bind to
        any IP.
        """
        if not thoroughly and self.bindable() or self.holder():
            return True
        place = self.find()
        if place is None:
            return False
        name, prefix = place
        command = ["ip", "address", "replace", f"{self.ip}/{prefix}", "dev", name]
        subprocess.run(command, check=True, timeout=COMMAND_TIMEOUT)
        log(f"{self.ip}/{prefix} is on {name}")
        self.announce(name)
        return True

    def announce(self, name):
        """Sends a gratuitous ARP request (RFC 5227): neighbours that knew the IP at another node learn the new one."""
        if self.ip.version != 4:
            return
        link = next(link for link in interfaces() if link["ifname"] == name)
        mac = bytes.fromhex(link.get("address", "").replace(":", ""))
        if len(mac) != 6:
            return
        ethernet = b"\xff" * 6 + mac + b"\x08\x06"
        request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
        frame = ethernet + request + mac + self.ip.packed + b"\x00" * 6 + self.ip.packed
        try:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
                raw.bind((name, 0))
                raw.send(frame)
        except OSError as error:
            log(f"cannot announce {self.ip}: {error}; neighbours learn it when their ARP entries expire")

    def remove(self):
        name = self.holder()
        if name is None:
            return
        for link in interfaces():
            for info in link.get("addr_info", []):
                if info["local"] == str(self.ip):
                    address = f"{self.ip}/{info['prefixlen']}"
                    command = ["ip", "address", "delete", address, "dev", link["ifname"]]
                    subprocess.run(command, check=False, timeout=COMMAND_TIMEOUT)
        log(f"{self.ip} is off {name}")


class PodAddress:
    """The address that a pod has of its own: there is nothing to put on an interface, and nothing to take off."""

    def ensure(self, thoroughly):
        return True

    def remove(self):
        pass
