"""Starts the process of a conductor: `start.py COMMAND [ARGUMENT...]` becomes COMMAND as soon as it can work. A COMMAND
that is a Python file is run by the Python that runs this.

The init container `prepare` runs once a pod; this runs whenever Kubernetes restarts the conductor's container. It
removes the files that asked the previous process to stop (pod_state.py), and makes the database's schema again when
the database came back empty, which no conductor survives: it ends at the first table that is missing.

Environment: STATE_DIR, and that of schema.py.
"""

import os
import sys

from pod_state import PodState
from schema import ensure_schema, stop_on_signal

if __name__ == "__main__":
    stop_on_signal()
    PodState(os.environ["STATE_DIR"]).conductor_starts()
    ensure_schema()
    command = sys.argv[1:]
    if command[0].endswith(".py"):
        command.insert(0, sys.executable)
    os.execvp(command[0], command)
