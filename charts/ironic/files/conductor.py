"""Runs `ironic` (34.0.0) with changes that thousands of hosts need and that Ironic has no options for.

The arguments are those of `ironic`. The changes:
- size_servers: larger HTTP servers, and few reading requests at once.
- cache_signatures, cache_schema_checks: work that the API's frameworks repeat at every request.
- choose_database_driver: mysqlclient in place of PyMySQL.
- response_cache.py, hash_ring_balance.py, state_notifier.py and agent_address_required.py.

Ironic's service runs in a worker process. With some versions of oslo.service (4.5 to 4.7) that is a new interpreter and
no copy of this one: it imports this file under the name `__mp_main__`, and the changes are made in it once more.

Environment: CONDUCTOR_SERVER_THREADS (threads of each of the two servers), CONDUCTOR_READERS (reading requests at
once), HOST_SOCKET (of the sidecar; without it nobody is notified), OS_DATABASE__CONNECTION.
"""

import collections
import functools
import importlib.metadata
import importlib.util
import os
import re
import sys
import threading

from cheroot import wsgi
from ironic.conf import CONF
import jsonschema
import pecan.util

from agent_address_required import require_address
from hash_ring_balance import HashRingBalance
from response_cache import ResponseCache
from state_notifier import StateNotifier, notify_state_changes

LISTEN_QUEUE = 1024  # connections; the kernel caps it at net.core.somaxconn
KEPT_CONNECTIONS = 128  # idle ones, more than nginx keeps (see _nginx.conf.tpl)
CACHED_SCHEMAS = 512
CACHED_SIGNATURES = 4096
# A GET of these needs the database alone. Deeper paths may ask a conductor, and that the host's BMC.
READS = re.compile(r"/v1/(nodes|ports|drivers)(/[^/]+(/(firmware|bios))?)?/?$")


class Readers:
    """WSGI middleware that lets at most `limit` of the requests that only read run at the same time.

    Python runs one thread at a time, and a change of threads costs: with ten threads reading hosts, a GET took twice
    the CPU that it takes with two, and fewer were answered in a second. Nothing can hold these requests up, so a
    queue is safe.
    """

    def __init__(self, application, limit):
        self.application = application
        self.turns = threading.BoundedSemaphore(limit)

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] != "GET" or not READS.match(environ.get("PATH_INFO", "")):
            return self.application(environ, start_response)
        with self.turns:
            return self.application(environ, start_response)


def size_servers(threads, readers):
    """Gives every server of this process larger sizes than cheroot's defaults, which Ironic uses for its API and
    JSON-RPC.

    By default five connections may wait to be accepted. With one more, a client over TCP waits a second or is reset;
    over a Unix socket nginx is refused and answers 502. Ten idle connections are kept: with more, each answer closes
    its connection. There are ten threads, and a request for a locked host sleeps in one for up to
    node_locked_retry_attempts seconds.
    """
    original = wsgi.Server.__init__

    @functools.wraps(original)
    def initialise(self, bind_addr, wsgi_app, **kwargs):
        application = Readers(ResponseCache(HashRingBalance(wsgi_app, CONF.host)), readers)
        original(self, bind_addr, application, **{"request_queue_size": LISTEN_QUEUE, "numthreads": threads, **kwargs})

    wsgi.Server.__init__ = initialise
    wsgi.Server.keep_alive_conn_limit = KEPT_CONNECTIONS


def cache_signatures():
    """Makes pecan, the API's framework, inspect each handler once.

    It does so several times a request and makes a class each time: an eighth of the CPU of reading a host. The key is
    the function: the objects that it is bound to come and go with requests.
    """
    signature = functools.lru_cache(maxsize=CACHED_SIGNATURES)(pecan.util._getargspec)
    pecan.util._getargspec = lambda handler: signature(getattr(handler, "__func__", handler))


def cache_schema_checks():
    """Makes jsonschema check each schema once instead of before every validation: a third of the CPU of a PATCH.

    The key is the schema's identity: Ironic makes its schemas when it is loaded and changes none.
    """
    checked = collections.OrderedDict()  # id -> (schema, validator)
    validate = jsonschema.validate

    def validate_checked(instance, schema, cls=None, *args, **kwargs):
        if cls is not None or args or kwargs or not isinstance(schema, dict):
            return validate(instance, schema, cls, *args, **kwargs)
        known, validator = checked.get(id(schema), (None, None))
        if known is not schema:
            cls = jsonschema.validators.validator_for(schema)
            cls.check_schema(schema)
            # The entry holds the schema itself, so that no other object can get its identity.
            checked[id(schema)] = schema, (validator := cls(schema))
            while len(checked) > CACHED_SCHEMAS:
                checked.popitem(last=False)
        error = jsonschema.exceptions.best_match(validator.iter_errors(instance))
        if error is not None:
            raise error
        return None

    jsonschema.validate = validate_checked


def choose_database_driver():
    """Takes mysqlclient where the image has it.

    It is written in C, PyMySQL in Python, and it releases Python's lock less often: a GET takes half the CPU with ten
    threads and a tenth less with two.
    """
    url = os.environ.get("OS_DATABASE__CONNECTION", "")
    if url.startswith("mysql+pymysql:") and importlib.util.find_spec("MySQLdb"):
        os.environ["OS_DATABASE__CONNECTION"] = url.replace("pymysql", "mysqldb", 1)
        print("conductor: the database driver is mysqlclient", flush=True)


def patch():
    """Makes all changes in this process, and says so: a conductor without them looks the same, only slower."""
    choose_database_driver()
    cache_signatures()
    cache_schema_checks()
    require_address()
    size_servers(int(os.environ["CONDUCTOR_SERVER_THREADS"]), int(os.environ["CONDUCTOR_READERS"]))
    if os.environ.get("HOST_SOCKET"):
        notify_state_changes(StateNotifier(os.environ["HOST_SOCKET"]))
    print("conductor: process %d runs Ironic with the lab's changes" % os.getpid(), flush=True)


def main():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
    sys.argv[0] = command.name
    return command.load()()


if __name__ in ("__main__", "__mp_main__"):
    patch()
if __name__ == "__main__":
    sys.exit(main())
