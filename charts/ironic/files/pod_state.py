"""The files through which the containers of a conductor's pod signal each other, in a volume of the pod (STATE_DIR).

  address   made by the sidecar when the provisioning IP is on an interface; its startup probe waits for the file
  beat      touched by the sidecar in every round; its liveness probe reads the file's age
  draining  made by the conductor's preStop hook: the sidecar takes the conductor out of the Service
  restart   made by the sidecar to have the conductor restarted: while it exists nginx answers /alive, the conductor's
            liveness probe, with 503

A conductor that starts removes `draining` and `restart`: both were about the process before it.
"""

import os
import pathlib
import stat


class PodState:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def share(self):
        """Lets each container remove the files of the others. Only root, the owner of the volume, can do this.

        A sidecar that is not the owner has the conductor's user, and each may then remove what the other has made.

        Kubernetes mounts a volume in memory with the sticky bit, under which only the owner of a file may remove it.
        The sidecar runs as root and the conductor does not, so the conductor could not remove `restart` and never
        started again. The group of the volume (fsGroup) is the conductor's and may write.
        """
        status = self.folder.stat()
        if status.st_uid == os.geteuid():
            self.folder.chmod(stat.S_IMODE(status.st_mode) & ~stat.S_ISVTX)

    def beat(self):
        (self.folder / "beat").touch()

    def address_found(self):
        (self.folder / "address").touch()

    def draining(self):
        return (self.folder / "draining").exists()

    def request_restart(self):
        (self.folder / "restart").touch()

    def conductor_starts(self):
        for name in ("draining", "restart"):
            (self.folder / name).unlink(missing_ok=True)
