"""Has BMO look at a host when Ironic is done with it (host_news.py): any new annotation of a BareMetalHost makes BMO look.

BMO names a host NAMESPACE~NAME in Ironic. Hosts of other namespaces than the conductor's are left to BMO's own questions: the conductor's Role ends there.
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

ANNOTATION = "metal3-scale-lab/ironic"  # Ironic's state of the host, and since when
# BMO has often just asked for the work that is done already, and is about to write that down: a change meanwhile and it would be refused, and begin again.
PAUSE = 0.5  # seconds between a word and the annotation
TIMEOUT = 10  # seconds for Kubernetes to answer
LONGEST = 1024  # bytes of a word; names are at most 63 and 253 characters


class HostAnnotator:
    """Reads words at a Unix socket, and passes each on after a pause, in two threads: the kernel keeps no more than ten words."""

    def __init__(self, path, namespace, url, account, pause=PAUSE):
        self.path, self.namespace, self.url, self.account, self.pause = (
            str(path),
            namespace,
            url,
            pathlib.Path(account),
            pause,
        )
        self.words = queue.SimpleQueue()
        self.session = requests.Session()
        self.session.verify = str(self.account / "ca.crt")

    def start(self):
        pathlib.Path(self.path).unlink(missing_ok=True)
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.bind(self.path)
        # The conductor is another user.
        os.chmod(self.path, 0o666)
        for work in (lambda: self.listen(inbox), self.annotate):
            threading.Thread(target=work, daemon=True).start()

    def listen(self, inbox):
        while True:
            self.words.put((time.monotonic() + self.pause, inbox.recv(LONGEST)))

    def annotate(self):
        while True:
            due, word = self.words.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self.pass_on(word)
            except (OSError, ValueError, KeyError) as error:
                print(f"host-annotator: {word.decode(errors='replace')}: {error}", flush=True)

    def pass_on(self, word):
        told = json.loads(word)
        namespace, _, name = told["host"].partition("~")
        if namespace != self.namespace or not name:
            return
        since = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        answer = self.session.patch(
            f"{self.url}/apis/metal3.io/v1alpha1/namespaces/{namespace}/baremetalhosts/{name}",
            json={"metadata": {"annotations": {ANNOTATION: f"{told['state']} since {since}"}}},
            # The token is rotated under a long-running pod.
            headers={
                "Authorization": "Bearer " + (self.account / "token").read_text().strip(),
                "Content-Type": "application/merge-patch+json",
            },
            timeout=TIMEOUT,
        )
        # A host that is gone has nobody to be told.
        if answer.status_code != requests.codes.not_found:
            answer.raise_for_status()
