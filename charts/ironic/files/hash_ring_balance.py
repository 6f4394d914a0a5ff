"""Balances new hosts over the conductors.

Problem: the hash of a host's UUID decides which conductor manages it (Ironic 34.0.0, ironic/common/hash_ring.py). Of
four hosts, one time in eight one of two conductors gets all of them. Of a thousand, some conductors get a fifth more
than others, and at the end everything waits for those.

Fix: a host that is enrolled without a UUID is given one whose hash leads to the conductor whose turn it is.
"""

import io
import itertools
import json
import uuid

from ironic.common import exception, hash_ring
from ironic.conf import CONF

ROW = "ironic-hash-ring-balance"
REPLACES = {
    "ironic.common.hash_ring:HashRingManager": {"fb6b032f2f972d43"},  # Ironic 34.0.0 to 39.0.0
}

HOST_SIZE = 1 << 20  # bytes; BMO's description of a host has a few hundred


def conductor_of(host, identifier):
    """(conductor of a host with this UUID, all conductors). Raises IronicException where Ironic refuses the host."""
    ring = hash_ring.HashRingManager().get_ring(
        host["driver"], host.get("conductor_group") or CONF.default_conductor_group
    )
    (conductor,) = ring.get_nodes(identifier.encode())
    return conductor, ring.nodes


class HashRingBalance:
    """WSGI middleware.

    The API of each conductor begins with that conductor (`own`), so that two hosts that are enrolled through two APIs
    do not both go to the first one.
    """

    def __init__(self, application, own, conductor_of=conductor_of):
        self.application = application
        self.own = own
        self.conductor_of = conductor_of
        self.turns = itertools.count()

    def __call__(self, environ, start_response):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if (
            environ["REQUEST_METHOD"] == "POST"
            and environ.get("PATH_INFO", "").rstrip("/") == "/v1/nodes"
            and 0 < size <= HOST_SIZE
        ):
            body = self.with_uuid(environ["wsgi.input"].read(size))
            environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)

    def with_uuid(self, body):
        """The same host with a UUID. Unchanged if it has one or is not a host: Ironic then decides about it."""
        try:
            host = json.loads(body)
            if not isinstance(host, dict) or not isinstance(host.get("driver"), str) or host.get("uuid"):
                return body
            identifier = str(uuid.uuid4())
            conductor, conductors = self.conductor_of(host, identifier)
            order = sorted(conductors)
            first = order.index(self.own) if self.own in order else 0
            wanted = order[(first + next(self.turns)) % len(order)]
            # On average this takes as many attempts as there are conductors. The wanted one may leave in the meantime.
            while conductor != wanted and wanted in conductors:
                identifier = str(uuid.uuid4())
                conductor, conductors = self.conductor_of(host, identifier)
        except (ValueError, exception.IronicException):
            return body
        return json.dumps({**host, "uuid": identifier}).encode()


def wrap(application):
    return HashRingBalance(application, CONF.host)
