"""Gives Ironic's HTTP servers larger sizes, few reading requests at once, and the lab's middleware.

Environment: CONDUCTOR_SERVER_THREADS (threads of each of the two servers), CONDUCTOR_READERS (requests that read at
once).
"""

import functools
import os
import re
import threading

from cheroot import wsgi

ROW = "ironic-server-sizes"
REPLACES = {
    "cheroot.wsgi:Server.__init__": {"ce3c0f7a1aefedb1"},  # cheroot 11.1.2
}

LISTEN_QUEUE = 1024  # connections; the kernel caps it at net.core.somaxconn
KEPT_CONNECTIONS = 128  # idle ones, more than nginx keeps (see _nginx.conf.tpl)
# A GET of these needs the database alone. Deeper paths may ask a conductor, and that the host's BMC.
READS = re.compile(r"/v1/(nodes|ports|drivers)(/[^/]+(/(firmware|bios))?)?/?$")


class Readers:
    """WSGI middleware that lets at most `limit` of the requests that only read run at the same time.

    Python runs one thread at a time, and a change of threads costs: with ten threads reading hosts, a GET took twice
    the CPU that it takes with two, and fewer were answered in a second. Nothing can hold these requests up, so a
    queue is safe.
    """

    def __init__(self, application, limit):
        self.application = application
        self.turns = threading.BoundedSemaphore(limit)

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] != "GET" or not READS.match(environ.get("PATH_INFO", "")):
            return self.application(environ, start_response)
        with self.turns:
            return self.application(environ, start_response)


def size_servers(threads, readers, middleware=()):
    """Gives every server of this process larger sizes than cheroot's defaults, which Ironic uses for its API and
    JSON-RPC.

    By default five connections may wait to be accepted. With one more, a client over TCP waits a second or is reset;
    over a Unix socket nginx is refused and answers 502. Ten idle connections are kept: with more, each answer closes
    its connection. There are ten threads, and a request for a locked host sleeps in one for up to
    node_locked_retry_attempts seconds.
    `middleware`: functions that wrap an application, the innermost first.
    """
    original = wsgi.Server.__init__

    @functools.wraps(original)
    def initialise(self, bind_addr, wsgi_app, **kwargs):
        application = functools.reduce(lambda inner, wrap: wrap(inner), middleware, wsgi_app)
        application = Readers(application, readers)
        original(self, bind_addr, application, **{"request_queue_size": LISTEN_QUEUE, "numthreads": threads, **kwargs})

    wsgi.Server.__init__ = initialise
    wsgi.Server.keep_alive_conn_limit = KEPT_CONNECTIONS


def make(middleware=()):
    size_servers(int(os.environ["CONDUCTOR_SERVER_THREADS"]), int(os.environ["CONDUCTOR_READERS"]), middleware)
