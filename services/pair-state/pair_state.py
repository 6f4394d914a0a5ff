"""Keeps the state of a pair of fake nodes in a Secret, so that its hosts survive when their pod moves to another node.

A BMC keeps its settings and a server its power while a colleague carries the rack into another room: hosts must not
lose what they are because Kubernetes drains a node. A volume would tie the pair to the node, or need storage that all
nodes reach.

It runs as the first sidecar of the pod, so it starts before sushy-tools and fake-ipa, and stops after them:
- at the start it writes the files of the Secret into the folders, unless they have files already;
- then it writes the folders into the Secret whenever they have changed, at most every INTERVAL seconds, and once more
  when the pod stops. A pod that is killed loses what changed after the last write.
Only one pod writes: at the start it puts its UID into the Secret, and a pod that finds another's UID there stops. A pod
that stops takes its UID away with its last write. Kubernetes starts the next one before that, so the next one waits for
it, up to RELEASE seconds: a pod on a node that is lost never says so.

Environment: STATE_DIRS (NAME=FOLDER, separated by spaces), SECRET_NAME, POD_UID, POD_NAMESPACE, READY_FILE (made once
the files are there), KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. The Secret must exist; the pod's
ServiceAccount needs to get and patch it.
"""

import base64
import contextlib
import http.client
import io
import json
import os
import pathlib
import signal
import sqlite3
import ssl
import sys
import tarfile
import tempfile
import threading
import time

SERVICE_ACCOUNT = pathlib.Path(os.environ.get("SERVICE_ACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount"))
TIMEOUT = 10  # seconds for Kubernetes to answer
INTERVAL = 5.0  # seconds between two writes; etcd keeps every version of a Secret until it compacts
RELEASE = 20.0  # seconds that the pod before may take to stop; its grace period is 10 s
LIMIT = 1_000_000  # bytes of a Secret that Kubernetes takes are 1 MiB, with its metadata
HOLDER = "metal3-scale-lab/held-by"
KEY = "state.tar.gz"
SQLITE = b"SQLite format 3\0"


def log(message):
    print("pair-state:", message, flush=True)


class Taken(Exception):
    """Another pod of the pair has the state now."""


class Secret:
    """The Secret, read and changed over the API of Kubernetes."""

    def __init__(self, env):
        self.host, self.port = env["KUBERNETES_SERVICE_HOST"], int(env["KUBERNETES_SERVICE_PORT"])
        self.path = f"/api/v1/namespaces/{env['POD_NAMESPACE']}/secrets/{env['SECRET_NAME']}"
        self.uid = env["POD_UID"]
        self.version = None  # resourceVersion that this pod has read or written last

    def request(self, method, body=None):
        """(status, answer). Raises OSError when there is no answer."""
        # Kubernetes replaces the CA and the token while the pod runs.
        tls = ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt"))
        token = (SERVICE_ACCOUNT / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=tls)
        try:
            connection.request(method, self.path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"{method} {self.path}: {error}") from error
        finally:
            connection.close()

    def read(self):
        """The archive, or None where there is none yet, and whose it is."""
        status, answer = self.request("GET")
        if status != http.client.OK:
            raise OSError(f"GET {self.path}: {status} {answer.get('message', '')}")
        self.version = answer["metadata"]["resourceVersion"]
        data = (answer.get("data") or {}).get(KEY)
        return data and base64.b64decode(data), (answer["metadata"].get("annotations") or {}).get(HOLDER)

    def write(self, archive, holder=None):
        """Writes the archive (None: none), and whose it is (default: this pod's). Raises Taken when it is another's."""
        for _ in range(3):
            annotations = {HOLDER: self.uid if holder is None else holder}
            metadata = {"resourceVersion": self.version, "annotations": annotations}
            body = {"metadata": metadata, **({"data": {KEY: base64.b64encode(archive).decode()}} if archive else {})}
            status, answer = self.request("PATCH", body)
            if status == http.client.OK:
                self.version = answer["metadata"]["resourceVersion"]
                return
            if status != http.client.CONFLICT:
                raise OSError(f"PATCH {self.path}: {status} {answer.get('message', '')}")
            # Somebody else has changed it, perhaps only a label.
            _, now = self.read()
            if now != self.uid:
                raise Taken(now)
        raise OSError(f"PATCH {self.path}: changed by others again and again")


def fingerprint(folders):
    """Changes whenever a file does."""
    stats = []
    for folder in folders.values():
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                stats.append((str(path), stat.st_mtime_ns, stat.st_size))
    return sorted(stats)


def content(path):
    """The file as it can be read by another process: a database without its write-ahead log."""
    data = path.read_bytes()
    if not data.startswith(SQLITE):
        return data
    with tempfile.NamedTemporaryFile() as copy:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
            with contextlib.closing(sqlite3.connect(copy.name)) as target:
                source.backup(target)
        return pathlib.Path(copy.name).read_bytes()


def pack(folders):
    """The files of the folders as an archive. Those that vanish meanwhile were replaced, and come next time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, folder in folders.items():
            for path in sorted(folder.iterdir()):
                if not path.is_file() or path.name.endswith(("-wal", "-shm", ".tmp")):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    data = content(path)
                    entry = tarfile.TarInfo(f"{name}/{path.name}")
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpack(data, folders):
    """Writes the files of an archive. Returns how many there are."""
    count = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for entry in archive:
            name, _, file = entry.name.partition("/")
            if entry.isfile() and name in folders and file == pathlib.PurePath(file).name:
                (folders[name] / file).write_bytes(archive.extractfile(entry).read())
                count += 1
    return count


def save(secret, folders, last):
    archive = pack(folders)
    if len(archive) * 4 // 3 > LIMIT:
        # Not fatal: the pair works, and only forgets its hosts when its pod moves.
        log(f"the state has {len(archive)} bytes, too many for a Secret: give a pair fewer hosts (nodesPerPair)")
        return
    secret.write(archive, "" if last else None)


def start(secret, folders, stop):
    """Takes the Secret over, and restores the files. Tries again until Kubernetes answers."""
    limit = time.monotonic() + RELEASE
    while not stop.is_set():
        try:
            archive, holder = secret.read()
            if holder not in (None, "", secret.uid) and time.monotonic() < limit:
                stop.wait(0.5)
                continue
            if archive and not any(any(folder.iterdir()) for folder in folders.values()):
                log(f"restored {unpack(archive, folders)} files")
            secret.write(None)
            return
        except (OSError, Taken) as error:
            log(f"not yet: {error}")
            stop.wait(1)


def keep(secret, folders, stop):
    """Writes what changes until it is told to stop, then once more. Returns whether the state is still this pod's."""
    written = None
    last = False
    while True:
        now = fingerprint(folders)
        try:
            if now != written or last:
                save(secret, folders, last)
                written = now
        except Taken as error:
            log(f"another pod has the state now: {error}")
            return False
        except (OSError, sqlite3.Error) as error:
            log(f"the state was not written, and will be tried again: {error}")
        if last:
            return True
        last = stop.wait(INTERVAL)


def main():
    env = os.environ
    named = (each.partition("=") for each in env["STATE_DIRS"].split())
    folders = {name: pathlib.Path(path) for name, _, path in named}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    secret = Secret(env)
    start(secret, folders, stop)
    pathlib.Path(env["READY_FILE"]).touch()
    return 0 if keep(secret, folders, stop) else 1


if __name__ == "__main__":
    sys.exit(main())
