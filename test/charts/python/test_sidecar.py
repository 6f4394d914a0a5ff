"""provisioning_ip.py and its modules: what the sidecar looks at, publishes and requests."""

import ipaddress
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import endpoint_slice
import kubernetes_api
import pod_state
import provisioning_address
import provisioning_ip
import service_address


class Address(unittest.TestCase):
    IP, CIDR = ipaddress.ip_address("192.168.222.100"), ipaddress.ip_network("192.168.222.0/24")

    def place(self, interface, *links):
        address = provisioning_address.ProvisioningAddress(self.IP, self.CIDR, interface)
        found = [
            {"ifname": name, "addr_info": [{"local": ip, "prefixlen": prefix} for ip, prefix in addresses]}
            for name, *addresses in links
        ]
        with mock.patch.object(provisioning_address, "interfaces", return_value=found):
            return address.find()

    def test_place(self):
        """The IP is a host address beside another of the network, and has the network's prefix length alone."""
        lo, bridge = ("lo", ("127.0.0.1", 8)), ("eth1", ("192.168.222.2", 24))
        self.assertEqual(self.place("", lo, bridge), ("eth1", 32))
        self.assertEqual(self.place("eth1", lo, bridge), ("eth1", 32))
        self.assertEqual(self.place("eth1", lo, ("eth1",)), ("eth1", 24))
        self.assertIsNone(self.place("eth2", lo, bridge))
        # The addresses of other conductors (/32) do not make an interface one of the network.
        self.assertIsNone(self.place("", lo, ("eth0", ("10.0.0.1", 24), ("192.168.222.101", 32))))

    def test_pod(self):
        """A conductor behind a Service publishes its pod's address, and puts none on an interface."""
        environment = {**Slice.ENV, "POD_IP": "10.244.3.7", "API_PORT": "6385", "API_CA_FILE": "/ca"}
        environment.update(OWN_SERVICE="ironic-conductor-0", OWN_PORTS="api=6385 http=6180")
        environment["OS_DATABASE__CONNECTION"] = "mysql+pymysql://user:password@host/ironic"
        with mock.patch.multiple(provisioning_ip, ApiHealth=mock.DEFAULT, DatabaseWatch=mock.DEFAULT) as mocks:
            with mock.patch.object(provisioning_address.subprocess, "run") as command:
                sidecar = provisioning_ip.Sidecar(environment, mock.Mock())
                sidecar.ensure_address()
                sidecar.address.remove()
        self.assertEqual(mocks["ApiHealth"].call_args.args[0], "127.0.0.1")
        self.assertEqual(str(sidecar.slice.ip), "10.244.3.7")
        self.assertEqual((sidecar.own.service, sidecar.own.name), ("ironic-conductor-0", "ironic-conductor-0-own"))
        self.assertEqual(sidecar.own.ports, {"api": 6385, "http": 6180})
        sidecar.state.address_found.assert_called_once()
        command.assert_not_called()


class Slice(unittest.TestCase):
    ENV = {
        "SERVICE_NAME": "ironic",
        "SLICE_NAME": "ironic-conductor-0",
        "POD_NAME": "ironic-conductor-0-x",
        "POD_UID": "uid",
        "POD_NAMESPACE": "metal3",
        "NODE_NAME": "node",
    }
    PATH = "/apis/discovery.k8s.io/v1/namespaces/metal3/endpointslices/ironic-conductor-0"
    APPLY = f"{PATH}?fieldManager=provisioning-ip&force=true"

    def setUp(self):
        ip = ipaddress.ip_address("192.168.222.100")
        self.slice = endpoint_slice.EndpointSlice(self.ENV, "ironic", "ironic-conductor-0", ip, {"api": 6385})
        self.versions = iter("123")
        self.slice.request = mock.Mock(side_effect=self.answer)
        self.refused, self.found = None, None

    def answer(self, method, _path, body=None, _kind=""):
        """A Kubernetes that refuses what has `refused` as its version, and has the slice of a pod, or none."""
        if method == "GET":
            if self.found is None:
                raise kubernetes_api.Refused(404, "not found")
            return {"endpoints": [{"targetRef": {"uid": self.found}}]}
        if body.get("metadata", {}).get("resourceVersion", "none") == self.refused:
            raise kubernetes_api.Refused(409, "conflict")
        return {"metadata": {"resourceVersion": next(self.versions, "9")}}

    def asked(self):
        return [call.args[:2] for call in self.slice.request.call_args_list]

    def test_slice(self):
        """The slice belongs to the pod and to the Service, and only the slice that was written is deleted."""
        self.slice.delete()
        self.slice.request.assert_not_called()
        self.assertTrue(self.slice.write(True, False))
        method, path, body, kind = self.slice.request.call_args.args
        self.assertEqual((method, path), ("PATCH", self.APPLY))
        self.assertEqual(kind, "application/apply-patch+yaml")
        self.assertNotIn("resourceVersion", body["metadata"])
        owner = {"apiVersion": "v1", "kind": "Pod", "name": "ironic-conductor-0-x", "uid": "uid"}
        self.assertEqual(body["metadata"]["ownerReferences"], [owner])
        self.assertEqual(body["metadata"]["labels"]["kubernetes.io/service-name"], "ironic")
        (endpoint,) = body["endpoints"]
        self.assertEqual(endpoint["addresses"], ["192.168.222.100"])
        self.assertEqual(endpoint["conditions"], {"ready": True, "serving": True, "terminating": False})
        self.slice.delete()
        method, path, options = self.slice.request.call_args.args
        self.assertEqual((method, path), ("DELETE", self.PATH))
        self.assertEqual(options["preconditions"], {"resourceVersion": "1"})

    def test_taken_over(self):
        """A pod of a node that was lost, and comes back, leaves the slice to the pod that has its place by now."""
        self.slice.write(True, False)
        self.refused, self.found = "1", "uid of the later pod"
        self.assertFalse(self.slice.write(False, True))
        self.assertEqual(self.asked()[1:], [("PATCH", self.APPLY), ("GET", self.PATH)])

    def test_changed(self):
        """A slice that somebody has changed or deleted is written again."""
        for found in ["uid", None]:
            with self.subTest(found=found):
                self.setUp()
                self.slice.write(True, False)
                self.refused, self.found = "1", found
                self.assertTrue(self.slice.write(True, False))
                self.assertEqual(self.slice.version, "2")

    def test_refused(self):
        """What Kubernetes refuses for good is an error, and not tried for ever."""
        self.refused = "none"
        with self.assertRaises(kubernetes_api.Refused):
            self.slice.write(True, False)


class ServiceAddress(unittest.TestCase):
    def test_write(self):
        """The status of the Service has the address alone, and the rest of the Service is left as it is."""
        address = service_address.ServiceAddress(Slice.ENV, "ironic", "192.168.222.2")
        address.request = mock.Mock()
        address.write()
        method, path, body, kind = address.request.call_args.args
        self.assertEqual((method, kind), ("PATCH", "application/apply-patch+yaml"))
        self.assertEqual(
            path, "/api/v1/namespaces/metal3/services/ironic/status?fieldManager=provisioning-ip&force=true"
        )
        self.assertEqual(body["status"], {"loadBalancer": {"ingress": [{"ip": "192.168.222.2"}]}})
        self.assertNotIn("spec", body)


class Rounds(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        env = {
            **Slice.ENV,
            "PROVISIONING_IP": "192.168.222.100",
            "PROVISIONING_CIDR": "192.168.222.0/24",
            "API_PORT": "6385",
            "API_CA_FILE": "/etc/ssl/certs/ca-certificates.crt",
            "OS_DATABASE__CONNECTION": "mysql+pymysql://ironic:x@db/ironic",
        }
        self.sidecar = provisioning_ip.Sidecar(env, pod_state.PodState(self.folder))
        self.sidecar.address, self.sidecar.slice, self.sidecar.database = mock.Mock(), mock.Mock(), mock.Mock()
        self.sidecar.address.ensure.return_value = True
        self.sidecar.database.restarted.return_value = False
        self.sidecar.api.answers = mock.Mock(return_value=True)

    def rounds(self, count=1):
        """What is written to the slice in so many rounds."""
        self.sidecar.slice.write.reset_mock()
        for _ in range(count):
            self.sidecar.round()
        return [call.args for call in self.sidecar.slice.write.call_args_list]

    def test_publish(self):
        """The slice is written when something changes, after a failure, and every 30 rounds."""
        self.assertEqual(self.rounds(30), [(True, False)])
        self.assertEqual(self.rounds(30), [(True, False)])
        self.sidecar.api.answers.return_value = False
        self.assertEqual(self.rounds(3), [(False, False)])
        self.sidecar.slice.write.side_effect = OSError("refused")
        self.sidecar.api.answers.return_value = True
        self.assertEqual(self.rounds(2), 2 * [(True, False)])
        self.sidecar.slice.write.side_effect = None
        self.assertEqual(self.rounds(2), [(True, False)])

    def test_own(self):
        """Others reach a conductor through its own Service also while it is not ready, until it ends."""
        self.sidecar.own = mock.Mock()
        self.sidecar.api.answers.return_value = False
        self.rounds()
        (self.folder / "draining").touch()
        self.rounds()
        self.assertEqual([call.args for call in self.sidecar.own.write.call_args_list], [(True, False), (True, True)])
        self.sidecar.end()
        self.sidecar.own.delete.assert_called_once()

    def test_service_address(self):
        """The address of the Service is written with the slice, and a refusal does not keep the slice from it."""
        self.assertIsNone(self.sidecar.service_address)
        self.sidecar.service_address = mock.Mock()
        self.sidecar.service_address.write.side_effect = kubernetes_api.Refused(403, "forbidden")
        self.assertEqual(self.rounds(2), 2 * [(True, False)])
        self.sidecar.service_address.write.side_effect = None
        self.sidecar.service_address.write.reset_mock()
        self.rounds(2)
        self.sidecar.service_address.write.assert_called_once_with()

    def test_draining(self):
        """A conductor that is about to stop is not ready, whatever its API says."""
        self.rounds()
        (self.folder / "draining").touch()
        self.assertEqual(self.rounds(2), [(False, True)])

    def test_restart(self):
        """A restart is requested after one of the database, and after a silence of the API."""
        self.rounds()
        self.assertEqual(sorted(os.listdir(self.folder)), ["address", "beat"])
        self.sidecar.database.restarted.return_value = True
        self.rounds()
        self.assertIn("restart", os.listdir(self.folder))
        self.sidecar.state.conductor_starts()
        self.sidecar.database.restarted.return_value = False
        self.sidecar.api.restart_reason = "silence"
        self.rounds()
        self.assertIn("restart", os.listdir(self.folder))
        self.sidecar.state.conductor_starts()
        self.rounds()
        self.assertEqual(sorted(os.listdir(self.folder)), ["address", "beat"])

    def test_no_interface(self):
        """Without an interface the address is not reported, and the rounds go on."""
        self.sidecar.address.ensure.return_value = False
        self.rounds(3)
        self.assertEqual(os.listdir(self.folder), ["beat"])
        thorough = [call.kwargs["thoroughly"] for call in self.sidecar.address.ensure.call_args_list]
        self.assertEqual(thorough, [True, True, False])


class State(unittest.TestCase):
    def test_share(self):
        """The volume loses its sticky bit and keeps its other permissions."""
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o3777)
        pod_state.PodState(folder).share()
        self.assertEqual(folder.stat().st_mode & 0o7777, 0o2777)
