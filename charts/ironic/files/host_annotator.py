"""Makes BMO look at a host when Ironic is done with it: any new annotation of a BareMetalHost triggers a reconcile.

The conductor sends the notifications (state_notifier.py). In Ironic, BMO names a host NAMESPACE~NAME. Only hosts of
the conductor's own namespace are annotated, because its Role ends there; for others BMO asks Ironic by itself, as
without this.
"""

import datetime
import json
import os
import pathlib
import queue
import socket
import threading
import time

import requests

ANNOTATION = "ironic.metal3-scale-lab/state"  # the state of the host in Ironic, and since when
# Seconds between a notification and the annotation. BMO has often just asked for the work that is already done, and
# is about to write that into the host's status: a change before that would make Kubernetes refuse the write, and BMO
# begin again.
PAUSE = 0.5
TIMEOUT = 10  # seconds for Kubernetes to answer
LONGEST = 1024  # bytes of a notification; the names of namespace and host have at most 63 and 253 characters


class HostAnnotator:
    """Reads notifications from a Unix socket and passes each on after a pause.

    Reading has a thread of its own, because the kernel keeps no more than ten datagrams.
    """

    def __init__(self, path, namespace, url, account, pause=PAUSE):
        self.path, self.namespace, self.url, self.pause = str(path), namespace, url, pause
        self.account = pathlib.Path(account)
        self.notifications = queue.SimpleQueue()
        self.session = requests.Session()
        self.session.verify = str(self.account / "ca.crt")

    def start(self):
        pathlib.Path(self.path).unlink(missing_ok=True)
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.bind(self.path)
        # The conductor runs as another user.
        os.chmod(self.path, 0o666)
        for work in (lambda: self.listen(inbox), self.annotate):
            threading.Thread(target=work, daemon=True).start()

    def listen(self, inbox):
        while True:
            notification = inbox.recv(LONGEST)
            self.notifications.put((time.monotonic() + self.pause, notification))

    def annotate(self):
        while True:
            due, notification = self.notifications.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self.pass_on(notification)
            except (OSError, ValueError, KeyError) as error:
                print(f"host-annotator: {notification.decode(errors='replace')}: {error}", flush=True)

    def pass_on(self, notification):
        content = json.loads(notification)
        namespace, _, name = content["host"].partition("~")
        if namespace != self.namespace or not name:
            return
        since = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        answer = self.session.patch(
            f"{self.url}/apis/metal3.io/v1alpha1/namespaces/{namespace}/baremetalhosts/{name}",
            json={"metadata": {"annotations": {ANNOTATION: f"{content['state']} since {since}"}}},
            headers={
                # Kubernetes replaces the token while the pod runs.
                "Authorization": "Bearer " + (self.account / "token").read_text().strip(),
                "Content-Type": "application/merge-patch+json",
            },
            timeout=TIMEOUT,
        )
        # Nobody waits for news of a host that has been deleted.
        if answer.status_code != requests.codes.not_found:
            answer.raise_for_status()
