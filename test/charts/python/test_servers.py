"""server_sizes.py: the HTTP servers of Ironic."""

import importlib.metadata
import threading
import unittest

from oslo_service import backend
import server_sizes


class Outer:
    def __init__(self, inner):
        self.inner = inner


class Servers(unittest.TestCase):
    def test_command(self):
        """Ironic's own command stays as it is, and uses threads."""
        (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
        self.assertTrue(callable(command.load()))
        self.assertEqual(backend.get_backend_type().value, "threading")

    def test_sizes(self):
        """Every server that Ironic makes is larger than by default."""
        server_sizes.size_servers(7, 2, [Outer, Outer])
        from ironic.common import wsgi_service

        def application(*_):
            return []

        server = wsgi_service.wsgi.Server(bind_addr="/tmp/api.sock", wsgi_app=application, server_name="x")
        server.prepare()
        try:
            self.assertEqual(server.request_queue_size, 1024)
            self.assertEqual(server.requests.min, 7)
            self.assertEqual(server.keep_alive_conn_limit, 128)
            self.assertIsInstance(server.wsgi_app, server_sizes.Readers)
            # The first of the middleware is the innermost.
            self.assertIs(server.wsgi_app.application.inner.inner, application)
        finally:
            server.stop()


def most_at_once(method, target):
    """How many of six requests run at the same time when two may read."""
    running, highest, lock, all_in = 0, 0, threading.Lock(), threading.Barrier(6)

    def application(environ, start_response):
        nonlocal running, highest
        with lock:
            running += 1
            highest = max(highest, running)
        threading.Event().wait(0.2)
        with lock:
            running -= 1
        return []

    readers = server_sizes.Readers(application, 2)

    def ask():
        all_in.wait(10)
        readers({"REQUEST_METHOD": method, "PATH_INFO": target}, None)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return highest


class Readers(unittest.TestCase):
    def test_reading(self):
        """Few requests that only read the database run at the same time."""
        for target in ("/v1/nodes", "/v1/nodes/0a1b", "/v1/nodes/0a1b/firmware", "/v1/ports", "/v1/drivers"):
            with self.subTest(target):
                self.assertEqual(most_at_once("GET", target), 2)

    def test_others(self):
        """Requests that may wait for a conductor, a BMC or a host's lock never queue."""
        for method, target in (
            ("PATCH", "/v1/nodes/0a1b"),
            ("GET", "/v1/nodes/0a1b/validate"),
            ("POST", "/v1/heartbeat/0a1b"),
            ("POST", "/"),
        ):
            with self.subTest(f"{method} {target}"):
                self.assertEqual(most_at_once(method, target), 6)
