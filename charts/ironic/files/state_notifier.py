"""Notifies the sidecar whenever Ironic is done with a host; the sidecar then makes BMO look at it (host_annotator.py).

Problem: BMO asks Ironic every 10 s whether a host is registered or provisioned, and every 15 s whether it is
inspected (RequeueAfter, pkg/provisioner/ironic/ironic.go, 0.13.2; shorter after metal3-io/baremetal-operator#3302).
In a lab of 20 hosts a provisioning took 21 s or 30 s and nothing in between.

Fix: Ironic says when a task has brought a host into a state in which Ironic waits for the next request (Ironic 34.0.0,
ironic/conductor/task_manager.py). A lost notification costs the wait until BMO asks by itself.

Environment: HOST_SOCKET (of the sidecar; without it nobody is notified).
"""

import functools
import json
import os
import socket

import ironic.command  # noqa: F401 (must come first: it chooses the threading backend of oslo.service)
from ironic.common import states
from ironic.conductor import task_manager

ROW = "ironic-state-notifier"
REPLACES = {
    # Ironic 34.0.0 to 39.0.0
    "ironic.conductor.task_manager:TaskManager.release_resources": {"f3b138aa74f4442c"},
    # It sets _prev_provision_state. Ironic 34.0.0; 35.0.1 to 39.0.0
    "ironic.conductor.task_manager:TaskManager.__init__": {"c5ca0c2497863336", "fb63589a6997b0c7"},
}


class StateNotifier:
    """Sends each notification as a datagram to a Unix socket.

    It never blocks the conductor: a notification is dropped while the sidecar restarts or has too many to read.
    """

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def __call__(self, name, state):
        try:
            self.socket.sendto(json.dumps({"host": name, "state": state}).encode(), self.path)
        except OSError:
            pass


def notify_state_changes(notify):
    """Calls notify(name, state) after each task that brought a host into a state in which Ironic waits for a request.

    It does so when the host is unlocked: before that, Ironic would refuse what BMO asks for.
    """
    release_resources = task_manager.TaskManager.release_resources

    @functools.wraps(release_resources)
    def release_and_notify(task):
        host = None
        if not task.shared and task.node is not None and task._prev_provision_state in states.UNSTABLE_STATES:
            host = task.node.name, task.node.provision_state
        release_resources(task)
        if host and host[0] and host[1] not in states.UNSTABLE_STATES:
            notify(*host)

    task_manager.TaskManager.release_resources = release_and_notify


def make():
    if os.environ.get("HOST_SOCKET"):
        notify_state_changes(StateNotifier(os.environ["HOST_SOCKET"]))
