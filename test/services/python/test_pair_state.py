"""Tests of services/pair-state/pair_state.py with an API of Kubernetes in memory."""

import base64
import contextlib
import os
import pathlib
import sqlite3
import tempfile
import threading
import unittest
from unittest import mock

import pair_state


class Api:
    """The one Secret, with the conflicts of a real API server."""

    def __init__(self):
        self.version, self.annotations, self.data, self.writes = 1, {}, {}, 0

    def request(self, method, body=None):
        if method == "PATCH":
            if body["metadata"]["resourceVersion"] != str(self.version):
                return 409, {"message": "the object has been modified"}
            self.version += 1
            self.annotations.update(body["metadata"]["annotations"])
            self.data.update(body.get("data", {}))
            self.writes += 1
        metadata = {"resourceVersion": str(self.version), "annotations": dict(self.annotations)}
        return 200, {"metadata": metadata, "data": dict(self.data)}


class Pod:
    """One pod of the pair: its folders, and its view of the Secret."""

    def __init__(self, api, uid):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.folders = {name: self.root / name for name in ("sushy-tools", "fake-ipa")}
        for folder in self.folders.values():
            folder.mkdir()
        self.stop = threading.Event()
        environment = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": "1",
            "POD_NAMESPACE": "metal3",
            "SECRET_NAME": "pair-000-state",
            "POD_UID": uid,
        }
        self.secret = pair_state.Secret(environment)
        self.secret.request = api.request

    def start(self):
        pair_state.start(self.secret, self.folders, self.stop)

    def end(self):
        """Stops as the kubelet asks it to. Returns whether the state was still this pod's."""
        self.stop.set()
        return pair_state.keep(self.secret, self.folders, self.stop)

    def text(self, folder, name):
        return (self.folders[folder] / name).read_text()


class State(unittest.TestCase):
    def setUp(self):
        self.api = Api()
        for name in ("RELEASE", "INTERVAL"):
            patch = mock.patch.object(pair_state, name, 0.2)
            patch.start()
            self.addCleanup(patch.stop)

    def pod(self, uid):
        return Pod(self.api, uid)

    def test_moves_with_the_pod(self):
        """The next pod of a pair has the files that the one before had when it stopped, a database in use as well."""
        first = self.pod("a")
        first.start()
        (first.folders["fake-ipa"] / "host.json").write_text("agent")
        database = first.folders["sushy-tools"] / "systems.sqlite"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("pragma journal_mode=wal")
            connection.execute("create table power (state text)")
            connection.execute("insert into power values ('On')")
            connection.commit()
            self.assertTrue(os.path.exists(f"{database}-wal"))
            self.assertTrue(first.end())
        second = self.pod("b")
        second.start()
        self.assertEqual(second.text("fake-ipa", "host.json"), "agent")
        with contextlib.closing(sqlite3.connect(second.folders["sushy-tools"] / "systems.sqlite")) as connection:
            self.assertEqual(connection.execute("select state from power").fetchall(), [("On",)])

    def test_is_written_while_it_changes(self):
        """What a pod wrote some seconds before it was killed is there for the next one."""
        first = self.pod("a")
        first.start()
        keeper = threading.Thread(target=pair_state.keep, args=(first.secret, first.folders, first.stop))
        keeper.start()
        try:
            (first.folders["fake-ipa"] / "host.json").write_text("booted")
            for _ in range(50):
                if self.api.data:
                    break
                first.stop.wait(0.1)
            second = self.pod("b")
            second.start()
            self.assertEqual(second.text("fake-ipa", "host.json"), "booted")
        finally:
            first.stop.set()
            keeper.join()

    def test_is_not_written_while_nothing_changes(self):
        """A pair at rest writes nothing, because etcd keeps each version."""
        pod = self.pod("a")
        pod.start()
        (pod.folders["fake-ipa"] / "host.json").write_text("agent")
        keeper = threading.Thread(target=pair_state.keep, args=(pod.secret, pod.folders, pod.stop))
        keeper.start()
        pod.stop.wait(1.5)
        writes = self.api.writes
        pod.stop.set()
        keeper.join()
        self.assertEqual(writes, 2, "one that the state is this pod's, and one of the state")

    def test_waits_for_the_pod_before(self):
        """A pod that starts before the last one has stopped waits for its last write."""
        first, second = self.pod("a"), self.pod("b")
        first.start()
        with mock.patch.object(pair_state, "RELEASE", 30):
            starting = threading.Thread(target=second.start)
            starting.start()
            (first.folders["fake-ipa"] / "host.json").write_text("the last change")
            first.end()
            starting.join(10)
        self.assertEqual(second.text("fake-ipa", "host.json"), "the last change")

    def test_is_taken_from_a_pod_that_is_lost(self):
        """A pod on a lost node never lets go: the next one takes the state, and the lost one stops if it comes back."""
        lost, heir = self.pod("a"), self.pod("b")
        lost.start()
        heir.start()
        (lost.folders["fake-ipa"] / "host.json").write_text("too late")
        self.assertFalse(lost.end())
        self.assertEqual(self.api.annotations[pair_state.HOLDER], "b")
        self.assertEqual(self.api.data, {})

    def test_survives_a_change_by_others(self):
        """Another change of the Secret, such as a label, does not stop the pod."""
        pod = self.pod("a")
        pod.start()
        self.api.version += 1
        (pod.folders["fake-ipa"] / "host.json").write_text("agent")
        self.assertTrue(pod.end())
        self.assertIn(pair_state.KEY, self.api.data)

    def test_of_a_container_that_restarts_stays(self):
        """A container that starts again in the same pod keeps the pod's files, which are newer than the Secret's."""
        pod = self.pod("a")
        pod.start()
        self.api.data = {pair_state.KEY: base64.b64encode(pair_state.pack(pod.folders)).decode()}
        (pod.folders["fake-ipa"] / "host.json").write_text("newer")
        pod.start()
        self.assertEqual(pod.text("fake-ipa", "host.json"), "newer")

    def test_that_is_too_large_is_told(self):
        """State that no Secret can hold is told, and the pair works on."""
        pod = self.pod("a")
        pod.start()
        (pod.folders["fake-ipa"] / "host.json").write_bytes(os.urandom(pair_state.LIMIT))
        with mock.patch("builtins.print") as printed:
            self.assertTrue(pod.end())
        self.assertIn("nodesPerPair", str(printed.call_args))
        self.assertEqual(self.api.data, {})
