"""Which conductor has a host follows from the hash of its UUID alone: of four hosts, one time in eight one of two conductors has all of them, and of a thousand
some conductors have a fifth more than others, which wait for them in the end. A host that comes without a UUID is therefore given one that the hash
takes to the conductor whose turn it is.
"""

import io
import itertools
import json
import uuid

from ironic.common import exception, hash_ring
from ironic.conf import CONF

HOST_SIZE = 1 << 20  # bytes; BMO's description of a host is a few hundred


def conductor_of(host, identifier):
    """The conductor that has a host with this UUID, and all there are. Raises IronicException where Ironic will refuse the host, too."""
    ring = hash_ring.HashRingManager().get_ring(
        host["driver"], host.get("conductor_group") or CONF.default_conductor_group
    )
    (conductor,) = ring.get_nodes(identifier.encode())
    return conductor, ring.nodes


class EvenlySpread:
    """WSGI middleware. Each API begins with the conductor it is part of, so that two hosts enrolled through two APIs are not both with the first."""

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
        """The same host with a UUID. What is no host, or has one, stays as it is, for Ironic to judge."""
        try:
            host = json.loads(body)
            if not isinstance(host, dict) or not isinstance(host.get("driver"), str) or host.get("uuid"):
                return body
            identifier = str(uuid.uuid4())
            conductor, conductors = self.conductor_of(host, identifier)
            order = sorted(conductors)
            first = order.index(self.own) if self.own in order else 0
            wanted = order[(first + next(self.turns)) % len(order)]
            # One of as many as there are conductors, on average; none, if the one whose turn it is leaves meanwhile.
            while conductor != wanted and wanted in conductors:
                identifier = str(uuid.uuid4())
                conductor, conductors = self.conductor_of(host, identifier)
        except (ValueError, exception.IronicException):
            return body
        return json.dumps({**host, "uuid": identifier}).encode()
