"""gunicorn for sushy-tools: the address, port and certificate come from sushy-tools' own configuration file.

Environment: SUSHY_TOOLS_THREADS (default 8) requests at once; WEB_CONCURRENCY (gunicorn's own, default 1) processes.
State is in SQLite, so that several processes agree on it, but one keeps the order of a host's updates.
"""
import gc
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
# They share one interpreter lock: with 32 clients, 8 threads answer 250 requests a second and 32 threads 175.
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


def post_worker_init(worker):
    """What is loaded stays: the collections below need not look at it."""
    gc.collect()
    gc.freeze()


def post_request(worker, req, environ, resp):
    """Closes the request's SQLite connections.

    A request opens about eleven and leaves them, with two files each, to Python's cycle collector, which comes by too rarely: 8 seconds of
    32 clients took 1.1 GB and thousands of open files. Without what was loaded a collection takes 0.2 ms.
    """
    gc.collect()
