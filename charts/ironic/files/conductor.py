"""Runs `ironic` with servers sized for thousands of hosts; arguments are ironic's.

Ironic serves its API and its JSON-RPC with cheroot's defaults, and has no options for them:
- Five connections may wait to be accepted. One more, and over TCP its client is not heard for a second; over a Unix socket nginx is
  refused, and answers 502.
- Ten idle connections are kept. With more, each further answer closes its connection, and the next request needs a new one.
- Ten threads. A request for a host that is locked sleeps in its thread for up to node_locked_retry_attempts seconds.

Environment: CONDUCTOR_SERVER_THREADS (threads of each of the two servers, default 10).
"""
import functools
import importlib.metadata
import os
import sys

from cheroot import wsgi

LISTEN_QUEUE = 1024  # connections; the kernel caps it at net.core.somaxconn
KEPT_CONNECTIONS = 128  # idle ones, more than nginx keeps (see _nginx.conf.tpl)


def size_servers(threads):
    """Gives every server of this process other defaults than cheroot's."""
    original = wsgi.Server.__init__

    @functools.wraps(original)
    def initialise(self, *args, **kwargs):
        original(self, *args, **{"request_queue_size": LISTEN_QUEUE, "numthreads": threads, **kwargs})

    wsgi.Server.__init__ = initialise
    wsgi.Server.keep_alive_conn_limit = KEPT_CONNECTIONS


def main():
    size_servers(int(os.environ.get("CONDUCTOR_SERVER_THREADS", "10")))
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
    sys.argv[0] = command.name
    return command.load()()


if __name__ == "__main__":
    sys.exit(main())
