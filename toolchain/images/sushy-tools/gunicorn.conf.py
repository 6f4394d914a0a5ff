"""gunicorn for sushy-tools: the address, port and certificate come from sushy-tools' own configuration file.

Environment: SUSHY_TOOLS_THREADS (requests at once, default 8), WEB_CONCURRENCY (gunicorn's own: processes, default 1).
Several processes would share their state in SQLite, but only one keeps the order of a host's updates.

The configuration file has two further keys, SUSHY_TOOLS_MIN_POWER_TIME and SUSHY_TOOLS_MAX_POWER_TIME: seconds that a
power change takes (default 1 and 11, for which sushy-tools has no option). Ironic waits for each of a host's three or
four changes: it holds the host and asks repeatedly.
"""

import functools
import os
import random
import sqlite3
import tempfile

import host_profiles
from flask import Config
from sushy_tools import error
from sushy_tools.emulator import auth_basic
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
    """Takes the place of the module `random` in fakedriver, which draws the length of a power change from it."""

    @staticmethod
    def randint(_least, _most):
        return random.randint(*_power_time)


fakedriver.random = _PowerTime

# sushy-tools asks for a name and password where the configuration file has SUSHY_EMULATOR_AUTH_FILE (htpasswd, bcrypt).
# bcrypt is slow on purpose, and each request has a password: one that was right is remembered. The file is read anew
# only after a restart. A wrong password is not remembered, so that guessing stays slow.
auth_basic.authenticate = functools.lru_cache(maxsize=64)(auth_basic.authenticate)

# A header that cannot be parsed is answered with the headers of its error, which has none.
error.BadRequest.headers = {}

_authenticated = auth_basic.BasicAuthMiddleware.__call__


def _authenticate_unless_login(self, env, start_response):
    """Lets requests for a session through, as Redfish has it (DSP0266), beside those for the service root.

    There are no sessions here, and Ironic asks for one first. 404 makes it go on with the password at each request;
    401 would as well, after a warning.
    """
    asked = (env["REQUEST_METHOD"], env.get("PATH_INFO", "").rstrip("/"))
    if asked == ("POST", "/redfish/v1/SessionService/Sessions"):
        return self.app(env, start_response)
    return _authenticated(self, env, start_response)


auth_basic.BasicAuthMiddleware.__call__ = _authenticate_unless_login


def post_worker_init(_worker):
    """Has BMCs tell the hardware of their hosts, as soon as sushy-tools is loaded: see host_profiles.py."""
    from sushy_tools.emulator import main

    host_profiles.apply(main, fakedriver.FakeDriver)


worker_class = "gthread"
# Threads share one interpreter lock, so more do not answer more (380 requests a second for 1 and for 32 clients).
threads = int(os.environ.get("SUSHY_TOOLS_THREADS", "8"))
# Ironic holds one connection per BMC session: closing idle ones early costs a new one each power poll.
keepalive = 75
# An update waits for the external notification without a time limit; gunicorn does not kill gthread workers for it.
timeout = 120
graceful_timeout = 5
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
accesslog = None
errorlog = "-"
loglevel = os.environ.get("SUSHY_TOOLS_LOG_LEVEL", "warning")
control_socket_disable = True


class _ClosingConnection(sqlite3.Connection):
    """A connection that is closed at the end of its `with` block, not only committed.

    sushy-tools opens about eleven connections a request and leaves them to Python's cycle collector, because a
    connection refers to itself through its statement cache. The collector runs too seldom: 8 seconds of 32 clients took
    1.1 GB and ten thousand open files.
    """

    def __exit__(self, *exception):
        try:
            return super().__exit__(*exception)
        finally:
            self.close()


_keepers = {}


def _connect(database, *args, **kwargs):
    """sqlite3.connect that keeps an idle connection to each database.

    Otherwise the last connection to close would write the write-ahead log back and delete it.
    """
    connection = sqlite3.Connection(database, check_same_thread=False) if database not in _keepers else None
    if connection is not None and _keepers.setdefault(database, connection) is connection:
        connection.execute("pragma journal_mode=wal").fetchone()
        connection.execute("select count(*) from sqlite_master").fetchone()
    return _ClosingConnection(database, *args, **kwargs)


sqlite3.connect = _connect
