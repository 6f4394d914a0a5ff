"""state_notifier.py: which states of a host are notified, and when."""

import concurrent.futures
import contextlib
import json
import socket
import tempfile
import unittest
from unittest import mock

import state_notifier
from ironic import objects
from ironic.common import driver_factory
from ironic.conductor import task_manager

objects.register_all()
NAME = "metal3~host-0000"


class States(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        original = task_manager.TaskManager.release_resources
        cls.addClassCleanup(setattr, task_manager.TaskManager, "release_resources", original)
        cls.log = []
        state_notifier.notify_state_changes(lambda *host: cls.log.append(["notified", *host]))

    def setUp(self):
        self.log.clear()
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.node = mock.Mock(
            uuid="u", driver="redfish", provision_state="enroll", target_provision_state=None, last_error=None
        )
        self.node.name = NAME
        stack = contextlib.ExitStack()
        for patch in (
            mock.patch.object(objects.Node, "reserve", return_value=self.node),
            mock.patch.object(objects.Node, "get", return_value=self.node),
            mock.patch.object(objects.Node, "release", side_effect=lambda *_: self.log.append(["unlocked"])),
            mock.patch.object(driver_factory, "build_driver_for_task"),
            mock.patch("ironic.conductor.notification_utils.emit_provision_set_notification"),
            *(
                mock.patch.object(kind, "list_by_node_id", return_value=[])
                for kind in (objects.Port, objects.Portgroup, objects.VolumeConnector, objects.VolumeTarget)
            ),
        ):
            stack.enter_context(patch)
        self.addCleanup(stack.close)

    def run_task(self, event, work=None, shared=False):
        """What is logged while a task processes an event of the host and, in another thread, the work that follows."""
        self.log.clear()
        with task_manager.acquire(mock.Mock(), "u", shared=shared, purpose="test") as task:
            if event:
                callback = {"callback": self.pool.submit, "call_args": (work, task)} if work else {}
                task.process_event(event, **callback)
        self.pool.submit(lambda: None).result()
        return list(self.log)

    def test_registration(self):
        """A host that is registered is notified after it is unlocked."""
        log = self.run_task("manage", lambda task: task.process_event("done"))
        self.assertEqual(log, [["unlocked"], ["notified", NAME, "manageable"]])

    def test_inspection(self):
        """A host whose inspection continues in the agent is not notified; a failed inspection is."""
        self.node.provision_state = "manageable"
        self.assertEqual(self.run_task("inspect", lambda task: task.process_event("wait")), [["unlocked"]])
        self.assertEqual(self.run_task("resume", lambda task: None), [["unlocked"]])
        self.assertEqual(self.run_task("fail"), [["unlocked"], ["notified", NAME, "inspect failed"]])

    def test_no_change(self):
        """A task that changes no state and a task that only reads notify nobody."""
        self.assertEqual(self.run_task(None), [["unlocked"]])
        self.assertEqual(self.run_task(None, shared=True), [])

    def test_no_name(self):
        """A host without a name is none of BMO's."""
        self.node.name, self.node.provision_state = None, "deploying"
        self.assertEqual(self.run_task("done"), [["unlocked"]])


class Socket(unittest.TestCase):
    def test_nobody_listens(self):
        """A notification is dropped while the sidecar does not listen."""
        state_notifier.StateNotifier(tempfile.mkdtemp() + "/hosts.sock")(NAME, "active")

    def test_nobody_reads(self):
        """A thousand notifications that nobody reads do not block the conductor; the first ones are kept."""
        path = tempfile.mkdtemp() + "/hosts.sock"
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(inbox.close)
        inbox.bind(path)
        notify = state_notifier.StateNotifier(path)
        for number in range(1000):
            notify(f"metal3~host-{number:04}", "active")
        inbox.setblocking(False)
        self.assertEqual(json.loads(inbox.recv(1024)), {"host": NAME, "state": "active"})
