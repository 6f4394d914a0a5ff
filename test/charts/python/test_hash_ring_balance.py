"""hash_ring_balance.py: which conductor a new host gets."""

import io
import json
import unittest
import uuid

import hash_ring_balance
from ironic.common import exception
from tooz import hashring

HOST = {"driver": "redfish", "name": "metal3~host-0000"}


class Balance(unittest.TestCase):
    def setUp(self):
        self.ring = hashring.HashRing(["a", "b", "c"], partitions=32)
        self.received = None
        self.balance = hash_ring_balance.HashRingBalance(self.application, "b", self.conductor_of)

    def conductor_of(self, host, identifier):
        if host["driver"] != "redfish":
            raise exception.DriverNotFound(driver_name=host["driver"])
        return next(iter(self.ring.get_nodes(identifier.encode()))), sorted(self.ring.nodes)

    def application(self, environ, start_response):
        self.received = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return []

    def send(self, body, method="POST", path="/v1/nodes", **more):
        """The body that the application gets."""
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), **more}
        self.balance({**environ, "wsgi.input": io.BytesIO(body)}, None)
        return self.received

    def enroll(self, **more):
        """The conductor of a new host."""
        host = {**HOST, **more}
        body = json.loads(self.send(json.dumps(host).encode()))
        self.assertEqual(body, {**host, "uuid": str(uuid.UUID(body["uuid"]))})
        return self.conductor_of(body, body["uuid"])[0]

    def test_turns(self):
        """New hosts go to the conductors in turn, beginning with the API's own, by Ironic's hash of their UUIDs."""
        self.assertEqual([self.enroll() for _ in range(7)], ["b", "c", "a", "b", "c", "a", "b"])
        self.assertEqual(self.enroll(extra={"ä": [1]}), "c")

    def test_conductor_leaves(self):
        """New hosts go to the conductors that remain."""
        self.ring.remove_node("c")
        self.assertEqual(sorted(self.enroll() for _ in range(4)), ["a", "a", "b", "b"])

    def test_own_missing(self):
        """New hosts are balanced before the API's own conductor is in the ring."""
        self.balance.own = "nobody"
        self.assertEqual(sorted(self.enroll() for _ in range(3)), ["a", "b", "c"])

    def test_unchanged(self):
        """A host with a UUID, and a body that is not a host, reach Ironic unchanged."""
        large = json.dumps({**HOST, "extra": "x" * hash_ring_balance.HOST_SIZE}).encode()
        for body in (
            b'{"driver": "redfish", "uuid": "1be26c0b-03f2-4d2e-ae87-c02d7f33c123"}',
            b'{"driver": "ipmi"}',
            b'{"name": "x"}',
            b'{"driver": 7}',
            b"[1]",
            b'{"driver": ',
            b"\xff\xfe",
            b"",
            large,
        ):
            with self.subTest(body[:40]):
                self.assertEqual(self.send(body), body)

    def test_other_requests(self):
        """Requests that enroll no host are left alone."""
        body = b'{"driver": "redfish"}'
        for request in ({"path": "/v1/ports"}, {"method": "PUT"}, {"path": "/"}):
            with self.subTest(**request):
                self.assertEqual(self.send(body, **request), body)
        self.assertEqual(self.send(body, CONTENT_LENGTH=""), b"")
