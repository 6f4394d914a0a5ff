"""gunicorn for sushy-tools: the address, port and certificate come from sushy-tools' own configuration file.

Environment: SUSHY_TOOLS_THREADS (default 8) requests at once; WEB_CONCURRENCY (gunicorn's own, default 1) processes.
State is in SQLite, so that several processes agree on it, but one keeps the order of a host's updates.

Two keys more in the configuration file: SUSHY_TOOLS_MIN_POWER_TIME and SUSHY_TOOLS_MAX_POWER_TIME, seconds that a power change takes (default 1 and 11, which
sushy-tools has no option for). Ironic waits for each of a host's three or four changes, holding the host and asking over and over.
"""

import os
import random
import sqlite3
import tempfile

from flask import Config
from sushy_tools.emulator.resources.systems import fakedriver

_config = Config("/")
_config.from_pyfile(os.environ["SUSHY_EMULATOR_CONFIG"])

bind = "%s:%d" % (
    _config.get("SUSHY_EMULATOR_LISTEN_IP") or "0.0.0.0",
    _config.get("SUSHY_EMULATOR_LISTEN_PORT", 8000),
)
certfile = _config.get("SUSHY_EMULATOR_SSL_CERT")
keyfile = _config.get("SUSHY_EMULATOR_SSL_KEY")

_power_time = (_config.get("SUSHY_TOOLS_MIN_POWER_TIME", 1), _config.get("SUSHY_TOOLS_MAX_POWER_TIME", 11))


class _PowerTime:
    """What fakedriver takes for the module random, which it draws the length of a power change from."""

    @staticmethod
    def randint(_least, _most):
        return random.randint(*_power_time)


fakedriver.random = _PowerTime

worker_class = "gthread"
# They share one interpreter lock: more do not answer more (380 requests a second, whether 1 or 32 clients ask).
threads = int(os.environ.get("SUSHY_TOOLS_THREADS", "8"))
# Ironic holds one connection per BMC session: closing idle ones early costs a new one each power poll.
keepalive = 75
# An update waits for the external notification, without a time limit of its own: gthread workers are not killed for that.
timeout = 120
graceful_timeout = 5
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
accesslog = None
errorlog = "-"
loglevel = os.environ.get("SUSHY_TOOLS_LOG_LEVEL", "warning")
control_socket_disable = True


class _ClosingConnection(sqlite3.Connection):
    """Closed at the end of its `with` block, not only committed.

    sushy-tools opens about eleven connections a request and leaves them to Python's cycle collector (a connection refers to itself through
    its statement cache), which comes by too rarely: 8 seconds of 32 clients took 1.1 GB and ten thousand open files.
    """

    def __exit__(self, *exception):
        try:
            return super().__exit__(*exception)
        finally:
            self.close()


_keepers = {}


def _connect(database, *args, **kwargs):
    """sqlite3.connect, with one idle connection kept to each database: the last one to close would write the log back and delete it."""
    connection = sqlite3.Connection(database, check_same_thread=False) if database not in _keepers else None
    if connection is not None and _keepers.setdefault(database, connection) is connection:
        connection.execute("pragma journal_mode=wal").fetchone()
        connection.execute("select count(*) from sqlite_master").fetchone()
    return _ClosingConnection(database, *args, **kwargs)


sqlite3.connect = _connect
