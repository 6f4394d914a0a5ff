"""sources.py and conductor.py: a change is made only where Ironic is what it was written for."""

import contextlib
import importlib
import io
import os
import unittest
from unittest import mock

import conductor
from ironic.conductor import task_manager, utils
import sources

SIZES = {"CONDUCTOR_SERVER_THREADS": "7", "CONDUCTOR_READERS": "2", "HOST_SOCKET": "/tmp/hosts.sock"}
ALL = [*conductor.CHANGES, *conductor.MIDDLEWARE, conductor.SERVERS]


def another(node, timeout=None):
    """What a later version of Ironic may have in the place of a function."""
    return timeout is None


class Sources(unittest.TestCase):
    def test_this_image(self):
        """Every change fits the Ironic of this image, and names its row."""
        for name in ALL:
            with self.subTest(name):
                module = importlib.import_module(name)
                self.assertRegex(module.ROW, "^ironic-[a-z-]+$")
                self.assertTrue(module.REPLACES)
                self.assertEqual(sources.unexpected(module.REPLACES), [])

    def test_unexpected(self):
        """Another source, a function that is gone, a module that is gone and a source that is not there are told."""
        for place, said in (
            ("ironic.conductor.utils:agent_is_alive", "has the source .*, and not 0000 or 1111$"),
            ("ironic.conductor.utils:gone", "AttributeError: .*gone"),
            ("ironic.gone:agent_is_alive", "ModuleNotFoundError: .*ironic.gone"),
            ("itertools:count", "TypeError: "),
        ):
            with self.subTest(place):
                (problem,) = sources.unexpected({place: {"1111", "0000"}})
                self.assertRegex(problem, f"^{place}:? {said}")

    def test_known_versions(self):
        """A function may be that of any version that the change is known to fit."""
        place = "ironic.conductor.utils:agent_is_alive"
        self.assertEqual(sources.unexpected({place: {"0000", sources.source_hash(place)}}), [])


class Changes(unittest.TestCase):
    def setUp(self):
        """What is changed is as before at the end of each test."""
        for owner, name in (
            (utils, "agent_is_alive"),
            (task_manager.TaskManager, "release_resources"),
            (importlib.import_module("pecan.util"), "_getargspec"),
            (importlib.import_module("jsonschema"), "validate"),
            (importlib.import_module("cheroot.wsgi").Server, "__init__"),
        ):
            self.addCleanup(setattr, owner, name, getattr(owner, name))

    def patch(self):
        """What the log says when all changes are made."""
        with mock.patch.dict(os.environ, SIZES), contextlib.redirect_stdout(io.StringIO()) as said:
            conductor.patch()
        return said.getvalue()

    def test_all(self):
        """All changes are made, and the log says nothing else."""
        before = utils.agent_is_alive, task_manager.TaskManager.release_resources
        self.assertRegex(self.patch(), r"^conductor: process \d+ runs Ironic with the lab's changes\n$")
        self.assertIsNot(utils.agent_is_alive, before[0])
        self.assertIsNot(task_manager.TaskManager.release_resources, before[1])

    def test_without(self):
        """What the configuration leaves out is left out and said, and the others are made."""
        unwanted = {"CONDUCTOR_WITHOUT": "ironic-state-notifier ironic-mysqlclient"}
        database = {"OS_DATABASE__CONNECTION": "mysql+pymysql://there"}
        before = task_manager.TaskManager.release_resources
        server = importlib.import_module("cheroot.wsgi").Server.__init__
        with mock.patch.dict(os.environ, unwanted | database):
            said = self.patch()
            self.assertEqual(os.environ["OS_DATABASE__CONNECTION"], "mysql+pymysql://there")
        self.assertIs(task_manager.TaskManager.release_resources, before)
        self.assertIsNot(importlib.import_module("cheroot.wsgi").Server.__init__, server)
        self.assertIn("conductor: without ironic-state-notifier, as it is configured\n", said)
        self.assertIn("conductor: without ironic-mysqlclient, as it is configured\n", said)
        self.assertIn("changes but ironic-state-notifier\n", said)

    def test_changed_target(self):
        """A change whose target is another by now is left out and said, and the others are made."""
        with mock.patch.object(utils, "agent_is_alive", another):
            before = task_manager.TaskManager.release_resources
            said = self.patch()
            self.assertIs(utils.agent_is_alive, another)
        self.assertIsNot(task_manager.TaskManager.release_resources, before)
        self.assertRegex(
            said,
            "conductor: without ironic-agent-address-required, which was written for another version: "
            r"ironic\.conductor\.utils:agent_is_alive has the source \w{16}, and not \w{16} or \w{16}\n"
            r"conductor: process \d+ runs Ironic with the lab's changes but ironic-agent-address-required\n$",
        )

    def test_changed_server(self):
        """Without its place in the servers, no middleware is used."""
        server = importlib.import_module("cheroot.wsgi").Server
        original = server.__init__

        def later_version(self, *args, **kwargs):
            original(self, *args, **kwargs)

        with mock.patch.object(server, "__init__", later_version):
            said = self.patch()
            self.assertIs(server.__init__, later_version)
        self.assertIn("without hash_ring_balance and response_cache, for want of server_sizes", said)
        self.assertIn("changes but ironic-server-sizes\n", said)

    def test_no_import(self):
        """A change whose modules of Ironic are gone is left out."""
        left_out = []
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertIsNone(conductor.fitting("no_such_module", left_out))
        self.assertEqual(left_out, ["no_such_module"])
        self.assertIn("ModuleNotFoundError", said.getvalue())
