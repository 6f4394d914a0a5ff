"""host_annotator.py: how notifications become annotations of BareMetalHosts."""

import contextlib
import http.server
import io
import json
import pathlib
import tempfile
import threading
import time
import unittest

import host_annotator
import state_notifier

STATUS = {"gone": 404, "forbidden": 403}


class Kubernetes(http.server.BaseHTTPRequestHandler):
    """Notes each PATCH, and answers it with the status for the host's name."""

    protocol_version = "HTTP/1.1"
    requests = []

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        annotation = body["metadata"]["annotations"]["ironic.metal3-scale-lab/state"]
        self.requests.append(
            {
                "path": self.path,
                "token": self.headers["Authorization"],
                "type": self.headers["Content-Type"],
                "annotation": annotation.partition(" since "),
                "port": self.client_address[1],
            }
        )
        self.send_response(STATUS.get(self.path.rsplit("/", 1)[1], 200))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within 20 s; requests: {Kubernetes.requests}")
        time.sleep(0.01)


class Annotations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Notifies of hosts of all kinds, and keeps what Kubernetes and the log got."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kubernetes)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        account = pathlib.Path(tempfile.mkdtemp())
        (account / "ca.crt").touch()
        (account / "token").write_text("first\n")
        path = account / "hosts.sock"
        # A previous sidecar left its socket behind.
        path.touch()
        notify = state_notifier.StateNotifier(str(path))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            url = f"http://127.0.0.1:{server.server_port}"
            host_annotator.HostAnnotator(path, "metal3", url, account, pause=0.3).start()
            began = time.monotonic()
            notify("metal3~host-0001", "active")
            wait_for(lambda: len(Kubernetes.requests) == 1)
            cls.waited = time.monotonic() - began
            (account / "token").write_text("second\n")
            for name in ("elsewhere~host-0002", "no-namespace", "metal3~gone", "metal3~forbidden"):
                notify(name, "manageable")
            notify.socket.sendto(b"no JSON", str(path))
            notify("metal3~host-0003", "deploy failed")
            wait_for(lambda: len(Kubernetes.requests) == 4)
        cls.mode = path.stat().st_mode & 0o777
        cls.requests, cls.printed = Kubernetes.requests, printed.getvalue().splitlines()

    def test_requests(self):
        """Hosts of the own namespace are annotated by a merge patch; hosts of other namespaces are not."""
        root = "/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts"
        hosts = ["host-0001", "gone", "forbidden", "host-0003"]
        self.assertEqual([request["path"] for request in self.requests], [f"{root}/{host}" for host in hosts])
        self.assertEqual({request["type"] for request in self.requests}, {"application/merge-patch+json"})

    def test_annotation(self):
        """The annotation holds the state in Ironic and the time in UTC, so that each one is new."""
        states = [request["annotation"][0] for request in self.requests]
        self.assertEqual(states, ["active", "manageable", "manageable", "deploy failed"])
        for request in self.requests:
            self.assertTrue(request["annotation"][2].endswith("+00:00"), request)

    def test_token(self):
        """Each request has the token of its time, and all use one connection."""
        tokens = [request["token"] for request in self.requests]
        self.assertEqual(tokens, ["Bearer first"] + 3 * ["Bearer second"])
        self.assertEqual(len({request["port"] for request in self.requests}), 1)

    def test_socket(self):
        """The conductor, which is another user, may write to the socket."""
        self.assertEqual(self.mode, 0o666)

    def test_pause(self):
        """A notification is passed on after the pause."""
        self.assertGreaterEqual(self.waited, 0.3)

    def test_problems(self):
        """The log names a refusal and a notification that is no JSON, but not a host that was deleted."""
        self.assertEqual(len(self.printed), 2)
        self.assertIn("metal3~forbidden", self.printed[0])
        self.assertIn("403", self.printed[0])
        self.assertIn("no JSON", self.printed[1])
