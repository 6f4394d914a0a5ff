"""conductor.py: the process in which Ironic's service runs."""

import multiprocessing
import os
import sys
import unittest
from unittest import mock

SIZES = {"CONDUCTOR_SERVER_THREADS": "7", "CONDUCTOR_READERS": "2", "HOST_SOCKET": ""}


def kept_connections(answer):
    """Puts the size of the HTTP servers that Ironic would make into a queue. Runs in the worker."""
    from ironic.common import wsgi_service

    answer.put(wsgi_service.wsgi.Server.keep_alive_conn_limit)


def in_worker(method):
    """The answer of a worker, which is a copy of this process ("fork") or a new interpreter ("spawn")."""
    context = multiprocessing.get_context(method)
    answer = context.Queue()
    worker = context.Process(target=kept_connections, args=(answer,))
    worker.start()
    try:
        return answer.get(timeout=60)
    finally:
        worker.join(60)


class Worker(unittest.TestCase):
    def test_spawned(self):
        """A worker that is a new interpreter has the lab's changes, too: it makes them when it imports conductor.py."""
        (script,) = [path for path in sys.path if os.path.exists(f"{path}/conductor.py")]
        with mock.patch.dict(os.environ, SIZES):
            self.assertEqual(in_worker("fork"), 10, "this process has no changes")
            with mock.patch.object(sys.modules["__main__"], "__file__", f"{script}/conductor.py", create=True):
                self.assertEqual(in_worker("spawn"), 128)
