"""Keeps a conductor's provisioning IP on the node's provisioning interface, and publishes its health.

The conductors' Service has no selector: this process owns one EndpointSlice of it, whose only endpoint is the provisioning IP, ready
while the API answers there over TLS. The slice belongs to the Pod, so that Kubernetes removes it even when this process could not.

It also has the conductor started anew after the database was: threads that fail then leave their hosts locked, or in a
state that nothing carries on ("deploying"), for as long as the conductor runs. When it starts, Ironic releases its locks and lets such
hosts fail, and BMO begins them anew.

And it passes on what the conductor has to tell BMO (host_annotator.py): it alone of the pod talks to Kubernetes.

Environment: PROVISIONING_IP, PROVISIONING_CIDR, PROVISIONING_INTERFACE ("" finds it by the CIDR), API_PORT, API_CA_FILE, SERVICE_NAME,
SLICE_NAME, POD_NAME, POD_UID, POD_NAMESPACE, NODE_NAME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, OS_DATABASE__CONNECTION (mysql+pymysql://...), HOST_SOCKET (where the conductor
tells, "": nowhere), STATE_DIR:
  address   is there once the IP is on the interface (startup probe)
  beat      is touched every round (liveness probe)
  draining  made by the conductor's preStop hook: it is to get no new requests
  restart   the conductor is to be started anew (its liveness probe); it removes this when it starts
Needs the capabilities NET_ADMIN and NET_RAW, and may create, patch and delete EndpointSlices of its namespace, and with HOST_SOCKET patch its BareMetalHosts.
"""

import http.client
import ipaddress
import json
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

import pymysql

from host_annotator import HostAnnotator

INTERVAL = 2.0  # seconds between two looks
API_TIMEOUT = 5.0  # seconds for the API to answer
# A busy API may be late; one that refuses the connection is gone at once.
LATE_ANSWERS = 3
THOROUGH = 5  # rounds between two looks for the IP that start a process
REFRESH = 30  # rounds after which the slice is written again though nothing changed: someone may have deleted it
SILENCE = 180  # seconds without an answer, after it once gave one, for which an API may be merely busy
SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")


def log(message):
    print("provisioning-ip:", message, flush=True)


def interfaces():
    """[{ifname, address (MAC), addr_info: [{local, prefixlen}]}] of this network namespace."""
    return json.loads(
        subprocess.run(
            ["ip", "-json", "address", "show"], check=True, capture_output=True, text=True, timeout=10
        ).stdout
    )


class Address:
    """The provisioning IP on its interface."""

    def __init__(self, ip, cidr, interface):
        self.ip, self.cidr, self.interface = ip, cidr, interface
        self.added = None  # (interface, prefix length) that this process put it on

    def find(self):
        """(interface, prefix length) the IP belongs on; None while there is no such interface.

        Beside an address of the network the IP is a host address (/32), so that it neither adds a route nor goes when that address does;
        alone on its interface it brings the network's prefix.
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

    def here(self):
        """The IP is this network namespace's, as far as the kernel says without a process being started to ask it."""
        with socket.socket(socket.AF_INET6 if self.ip.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((str(self.ip), 0))
                return True
            except OSError:
                return False

    def ensure(self, thoroughly):
        """Puts the IP on its interface if it is not there. False when there is no such interface (yet).

        Only `thoroughly` sees a missing IP where net.ipv4.ip_nonlocal_bind allows any.
        """
        if not thoroughly and self.here() or self.holder():
            return True
        place = self.find()
        if place is None:
            return False
        name, prefix = place
        subprocess.run(["ip", "address", "replace", "%s/%d" % (self.ip, prefix), "dev", name], check=True, timeout=10)
        self.added = place
        log("%s/%d is on %s" % (self.ip, prefix, name))
        self.announce(name)
        return True

    def announce(self, name):
        """A gratuitous ARP request (RFC 5227): whoever knew the IP at another node learns where it is now."""
        if self.ip.version != 4:
            return
        link = next(link for link in interfaces() if link["ifname"] == name)
        mac = bytes.fromhex(link.get("address", "").replace(":", ""))
        if len(mac) != 6:
            return
        packed = self.ip.packed
        frame = (
            b"\xff" * 6
            + mac
            + b"\x08\x06"
            + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
            + mac
            + packed
            + b"\x00" * 6
            + packed
        )
        try:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
                raw.bind((name, 0))
                raw.send(frame)
        except OSError as error:
            log("cannot announce %s: %s; neighbours learn it when their entries expire" % (self.ip, error))

    def remove(self):
        name = self.holder()
        if name is None:
            return
        for link in interfaces():
            for info in link.get("addr_info", []):
                if info["local"] == str(self.ip):
                    subprocess.run(
                        ["ip", "address", "delete", "%s/%d" % (self.ip, info["prefixlen"]), "dev", link["ifname"]],
                        check=False,
                        timeout=10,
                    )
        log("%s is off %s" % (self.ip, name))


class Api:
    """The conductor's API at the provisioning IP."""

    def __init__(self, ip, port, ca_file):
        self.ip, self.port = ip, port
        self.tls = ssl.create_default_context(cafile=ca_file)
        self.late = 0
        self.heard = None  # when it last answered
        self.restart = None  # why the conductor has to be started anew

    def answers(self):
        """True when it answers; True for a while when it is only late; False when nothing listens."""
        connection = http.client.HTTPSConnection(str(self.ip), self.port, timeout=API_TIMEOUT, context=self.tls)
        try:
            # A public route: no credentials, no database.
            connection.request("GET", "/v1/")
            response = connection.getresponse()
            response.read()
            if response.status == http.client.BAD_GATEWAY:
                # nginx is there, and Ironic does not listen behind it.
                raise ConnectionRefusedError
            self.late = 0
            self.heard = time.monotonic()
            return response.status == 200
        except ConnectionRefusedError:
            # It starts or stops, and that is Kubernetes' business.
            self.late, self.heard = LATE_ANSWERS, None
            return False
        except ssl.SSLCertVerificationError as error:
            log("the API's certificate does not fit: %s" % error)
            return False
        except (OSError, http.client.HTTPException):
            self.late += 1
            if self.heard is not None and time.monotonic() - self.heard > SILENCE:
                self.restart, self.heard = "its API gave no answer for %d s" % SILENCE, None
            return self.late < LATE_ANSWERS
        finally:
            connection.close()


class Database:
    """The database server, watched for restarts: by when it started, which no outage of the network changes."""

    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.connection = None
        self.started = None

    def restarted(self):
        """True once after the server was started anew. False, too, while it does not answer: there is nothing to be done then."""
        try:
            if self.connection is None:
                self.connection = pymysql.connect(
                    host=self.url.hostname,
                    port=self.url.port or 3306,
                    user=self.url.username,
                    password=self.url.password or "",
                    connect_timeout=5,
                    read_timeout=5,
                    write_timeout=5,
                    autocommit=True,
                )
            with self.connection.cursor() as cursor:
                cursor.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
                uptime = int(cursor.fetchone()[1])
        except (pymysql.err.Error, OSError):
            self.close()
            return False
        started = time.monotonic() - uptime
        # Whole seconds, and an answer may be late: but a server needs longer to come back.
        before, self.started = self.started, started
        return before is not None and started - before > 3

    def close(self):
        if self.connection is not None:
            connection, self.connection = self.connection, None
            try:
                connection.close()
            except (pymysql.err.Error, OSError):
                pass


class Slice:
    """This conductor's EndpointSlice, written by server-side apply."""

    def __init__(self, environment, ip, port):
        self.env, self.ip, self.port = environment, ip, port
        self.path = "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices/%s" % (
            environment["POD_NAMESPACE"],
            environment["SLICE_NAME"],
        )
        self.uid = None

    def request(self, method, path, body, content_type):
        # Both are rotated under a long-running pod.
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        token = (SERVICE_ACCOUNT / "token").read_text().strip()
        connection = http.client.HTTPSConnection(
            self.env["KUBERNETES_SERVICE_HOST"], int(self.env["KUBERNETES_SERVICE_PORT"]), timeout=10, context=tls
        )
        try:
            connection.request(
                method,
                path,
                json.dumps(body),
                {"Authorization": "Bearer " + token, "Content-Type": content_type, "Accept": "application/json"},
            )
            response = connection.getresponse()
            text = response.read().decode()
            if response.status >= 300:
                raise OSError("%s %s: %d %s" % (method, path, response.status, text[:300]))
            return json.loads(text)
        finally:
            connection.close()

    def write(self, ready, terminating):
        env = self.env
        body = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": env["SLICE_NAME"],
                "namespace": env["POD_NAMESPACE"],
                "labels": {
                    "kubernetes.io/service-name": env["SERVICE_NAME"],
                    "endpointslice.kubernetes.io/managed-by": "provisioning-ip.metal3-scale-lab",
                },
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": env["POD_NAME"], "uid": env["POD_UID"]}
                ],
            },
            "addressType": "IPv%d" % self.ip.version,
            "endpoints": [
                {
                    "addresses": [str(self.ip)],
                    "conditions": {"ready": ready, "serving": ready, "terminating": terminating},
                    "nodeName": env["NODE_NAME"],
                    "targetRef": {
                        "kind": "Pod",
                        "namespace": env["POD_NAMESPACE"],
                        "name": env["POD_NAME"],
                        "uid": env["POD_UID"],
                    },
                }
            ],
            "ports": [{"name": "api", "port": self.port, "protocol": "TCP"}],
        }
        written = self.request(
            "PATCH", self.path + "?fieldManager=provisioning-ip&force=true", body, "application/apply-patch+yaml"
        )
        self.uid = written["metadata"]["uid"]

    def delete(self):
        """Removes the slice, unless a successor has made its own of that name."""
        if self.uid:
            self.request(
                "DELETE",
                self.path,
                {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": self.uid}},
                "application/json",
            )


def main():
    env = os.environ
    ip = ipaddress.ip_address(env["PROVISIONING_IP"])
    address = Address(ip, ipaddress.ip_network(env["PROVISIONING_CIDR"]), env.get("PROVISIONING_INTERFACE", ""))
    api = Api(ip, int(env["API_PORT"]), env["API_CA_FILE"])
    database = Database(env["OS_DATABASE__CONNECTION"])
    endpoints = Slice(env, ip, int(env["API_PORT"]))
    state = pathlib.Path(env["STATE_DIR"])
    if env.get("HOST_SOCKET"):
        host = env["KUBERNETES_SERVICE_HOST"]
        url = "https://%s:%s" % ("[%s]" % host if ":" in host else host, env["KUBERNETES_SERVICE_PORT"])
        HostAnnotator(env["HOST_SOCKET"], env["POD_NAMESPACE"], url, SERVICE_ACCOUNT).start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    published, rounds, told = None, 0, False
    while not stop.is_set():
        (state / "beat").touch()
        try:
            if address.ensure(thoroughly=rounds % THOROUGH == 0):
                (state / "address").touch()
                told = False
            elif not told:
                told = True
                log(
                    "no interface has an address in %s: set provisioning.interface or attach the node to the network"
                    % env["PROVISIONING_CIDR"]
                    if not address.interface
                    else "no interface %s here" % address.interface
                )
            draining = (state / "draining").exists()
            wanted = (not draining and api.answers(), draining)
            if database.restarted():
                api.restart = "the database was restarted"
            if api.restart:
                log("the conductor is to be started anew: %s" % api.restart)
                (state / "restart").touch()
                api.restart = None
            rounds += 1
            if wanted != published or rounds >= REFRESH:
                endpoints.write(*wanted)
                if wanted != published:
                    log("ready: %s%s" % (wanted[0], ", draining" if draining else ""))
                published, rounds = wanted, 0
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            log("%s: %s" % (type(error).__name__, error))
            published = None
        stop.wait(INTERVAL if not (state / "draining").exists() else 0.5)

    try:
        endpoints.delete()
    except (OSError, ValueError) as error:
        log("the endpoint slice is left to Kubernetes' garbage collector: %s" % error)
    address.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
