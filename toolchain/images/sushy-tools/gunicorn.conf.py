"""gunicorn for sushy-tools: the address, port and certificate come from sushy-tools' own configuration file.

Environment: SUSHY_TOOLS_THREADS (default 32) requests at once; WEB_CONCURRENCY (gunicorn's own, default 1) processes.
State is in SQLite, so that several processes agree on it, but one keeps the order of a host's updates.
"""
import os
import tempfile

from flask import Config

_config = Config("/")
_config.from_pyfile(os.environ["SUSHY_EMULATOR_CONFIG"])

bind = "%s:%d" % (
    _config.get("SUSHY_EMULATOR_LISTEN_IP") or "0.0.0.0",
    _config.get("SUSHY_EMULATOR_LISTEN_PORT", 8000),
)
certfile = _config.get("SUSHY_EMULATOR_SSL_CERT")
keyfile = _config.get("SUSHY_EMULATOR_SSL_KEY")

worker_class = "gthread"
threads = int(os.environ.get("SUSHY_TOOLS_THREADS", "32"))
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
