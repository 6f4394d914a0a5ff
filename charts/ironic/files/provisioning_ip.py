"""The sidecar of a conductor: keeps its provisioning IP on the node's interface and publishes whether its API answers.
A conductor behind a Service of its own has no such IP: its pod's is published then, and no interface is touched.

In each round it
- puts the IP on the interface (provisioning_address.py);
- asks the API for an answer (api_health.py) and writes the conductor's EndpointSlice (endpoint_slice.py);
- requests a restart of the conductor when its API has been silent for minutes, or the database was restarted
  (database_watch.py). After a restart of the database, threads that failed leave their hosts locked, or in a state
  that nothing continues ("deploying"), as long as the conductor runs. When a conductor starts, Ironic releases its
  locks and lets such hosts fail, and BMO begins them again.
It also writes the address at which people and agents outside of the cluster reach the Service (service_address.py).
Beside that, it tells BMO when Ironic is done with a host (host_annotator.py): it is the only container of the pod that
talks to Kubernetes.

Environment: PROVISIONING_IP, PROVISIONING_CIDR, PROVISIONING_INTERFACE ("" is the one that has an address in the
CIDR), or in the place of these three POD_IP, and OWN_SERVICE and OWN_PORTS ("api=6385 …") of the Service that leads
to this conductor alone; SERVICE_NAME, SERVICE_ADDRESS ("" where none is written), SLICE_NAME, API_PORT, API_CA_FILE,
OS_DATABASE__CONNECTION (mysql+pymysql://...), STATE_DIR (pod_state.py), HOST_SOCKET (where the conductor tells of
hosts; "" is nowhere), and that of endpoint_slice.py.
"""

import ipaddress
import os
import signal
import subprocess
import sys
import threading

from api_health import ApiHealth
from database_watch import DatabaseWatch
from endpoint_slice import EndpointSlice
from host_annotator import HostAnnotator
from kubernetes_api import SERVICE_ACCOUNT
from pod_state import PodState
from provisioning_address import PodAddress, ProvisioningAddress, log
from service_address import ServiceAddress

INTERVAL = 2.0  # seconds between two rounds
DRAINING_INTERVAL = 0.5  # the same while the conductor is about to stop
THOROUGH = 5  # rounds between two looks at the interfaces, which start a process
REFRESH = 30  # rounds after which all is written although nothing changed: someone may have deleted or changed it


class Sidecar:
    def __init__(self, env, state):
        self.state = state
        port = int(env["API_PORT"])
        if "POD_IP" in env:
            ip = ipaddress.ip_address(env["POD_IP"])
            self.address = PodAddress()
            # The certificate names the loopback address, and no pod's.
            self.api = ApiHealth("127.0.0.1", port, env["API_CA_FILE"])
        else:
            ip = ipaddress.ip_address(env["PROVISIONING_IP"])
            cidr = ipaddress.ip_network(env["PROVISIONING_CIDR"])
            self.address = ProvisioningAddress(ip, cidr, env.get("PROVISIONING_INTERFACE", ""))
            self.api = ApiHealth(ip, port, env["API_CA_FILE"])
        self.database = DatabaseWatch(env["OS_DATABASE__CONNECTION"])
        self.slice = EndpointSlice(env, env["SERVICE_NAME"], env["SLICE_NAME"], ip, {"api": port})
        self.own = own_slice(env, ip)
        address = env.get("SERVICE_ADDRESS")
        self.service_address = ServiceAddress(env, env["SERVICE_NAME"], address) if address else None
        self.published = None  # (ready, draining) as the slice says; None when that is not known
        self.rounds = 0  # since the slice was written
        self.missing = False  # whether the log already says that there is no interface

    def round(self):
        """One look at everything. Whatever fails is tried again in the next round."""
        self.state.beat()
        try:
            self.ensure_address()
            draining = self.state.draining()
            ready = not draining and self.api.answers()
            self.request_restart()
            self.publish(ready, draining)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            log(f"{type(error).__name__}: {error}")
            self.published = None

    def ensure_address(self):
        if self.address.ensure(thoroughly=self.rounds % THOROUGH == 0):
            self.state.address_found()
            self.missing = False
        elif not self.missing:
            self.missing = True
            interface, cidr = self.address.interface, self.address.cidr
            problem = f"there is no interface {interface}" if interface else f"no interface has an address in {cidr}"
            log(f"{problem}: set provisioning.interface or attach the node to the network")

    def request_restart(self):
        reason = self.api.take_restart_reason()
        if self.database.restarted():
            reason = "the database was restarted"
        if reason:
            log(f"the conductor has to be restarted: {reason}")
            self.state.request_restart()

    def publish(self, ready, draining):
        self.rounds += 1
        changed = (ready, draining) != self.published
        if changed or self.rounds >= REFRESH:
            if self.own:
                # Others reach the conductor also while it is not ready: it fetches its own boot files.
                self.own.write(True, draining)
            if not self.slice.write(ready, draining):
                log("another pod of this conductor has taken the EndpointSlice over")
            elif changed:
                log(f"ready: {ready}{', draining' if draining else ''}")
            if self.service_address:
                self.service_address.write()
            self.published, self.rounds = (ready, draining), 0

    def end(self):
        for endpoints in filter(None, [self.slice, self.own]):
            try:
                endpoints.delete()
            except (OSError, ValueError) as error:
                log(f"the EndpointSlice is left to Kubernetes' garbage collector: {error}")
        self.address.remove()


def own_slice(env, ip):
    """The slice of the Service that leads to this conductor alone; None where it has an address of its own."""
    service = env.get("OWN_SERVICE")
    if not service:
        return None
    ports = dict(each.split("=") for each in env["OWN_PORTS"].split())
    return EndpointSlice(env, service, f"{service}-own", ip, {name: int(port) for name, port in ports.items()})


def start_host_annotator(env):
    host, port = env["KUBERNETES_SERVICE_HOST"], env["KUBERNETES_SERVICE_PORT"]
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    HostAnnotator(env["HOST_SOCKET"], env["POD_NAMESPACE"], url, SERVICE_ACCOUNT).start()


def main():
    env = os.environ
    state = PodState(env["STATE_DIR"])
    state.share()
    sidecar = Sidecar(env, state)
    if env.get("HOST_SOCKET"):
        start_host_annotator(env)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        sidecar.round()
        stop.wait(DRAINING_INTERVAL if state.draining() else INTERVAL)
    sidecar.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
