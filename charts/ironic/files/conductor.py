"""Runs `ironic` with what thousands of hosts need and Ironic has no options for; arguments are ironic's.

- Its API and its JSON-RPC are served by cheroot with that library's defaults. Five connections may wait to be accepted: one more, and over
  TCP its client is not heard for a second, or reset; over a Unix socket nginx is refused, and answers 502. Ten idle connections are kept:
  with more, each answer closes its connection. Ten threads: a request for a locked host sleeps in its thread for up to
  node_locked_retry_attempts seconds.
- Python runs one thread at a time, and handing over costs: with ten threads reading hosts, one GET took twice the CPU it takes with two,
  and fewer were answered a second. Requests that only read the database, which nothing can hold up, therefore go a few at a time.
- pecan, the API's framework, takes every handler's signature apart several times a request, and makes a class for each: an eighth of the CPU
  of reading a host. It is remembered.
- jsonschema judges each schema before it judges a value with it, at every PATCH and PUT anew: a third of a PATCH. It does so once a schema.
- Answers about hosts are given again while they hold (remembered_answers.py), and new hosts go to the conductors in turn (evenly_spread.py).
- BMO is told when Ironic is done with a host (host_news.py), and an agent that cannot be asked is not taken for alive (agent_known.py).
- mysqlclient, where the image has it, is C where PyMySQL is Python, and hands Python's lock over less often: half the CPU of a GET with ten
  threads, a tenth less with two.

Environment: CONDUCTOR_SERVER_THREADS (of each of the two servers), CONDUCTOR_READERS (reading requests at once), HOST_SOCKET (of the sidecar, "": BMO is told
nothing), OS_DATABASE__CONNECTION.
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

from agent_known import require_address
from evenly_spread import EvenlySpread
from host_news import Teller, tell_changes
from remembered_answers import RememberedAnswers

LISTEN_QUEUE = 1024  # connections; the kernel caps it at net.core.somaxconn
KEPT_CONNECTIONS = 128  # idle ones, more than nginx keeps (see _nginx.conf.tpl)
KNOWN_SCHEMAS = 512
# What a GET of these needs is in the database. Deeper paths may ask a conductor, and that a host's BMC.
READS = re.compile(r"/v1/(nodes|ports|drivers)(/[^/]+(/(firmware|bios))?)?/?$")


class Readers:
    """WSGI middleware that lets few of the requests that only read run at the same time."""

    def __init__(self, application, limit):
        self.application = application
        self.turns = threading.BoundedSemaphore(limit)

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] != "GET" or not READS.match(environ.get("PATH_INFO", "")):
            return self.application(environ, start_response)
        with self.turns:
            return self.application(environ, start_response)


def size_servers(threads, readers):
    """Gives every server of this process other defaults than cheroot's."""
    original = wsgi.Server.__init__

    @functools.wraps(original)
    def initialise(self, bind_addr, wsgi_app, **kwargs):
        application = Readers(RememberedAnswers(EvenlySpread(wsgi_app, CONF.host)), readers)
        original(self, bind_addr, application, **{"request_queue_size": LISTEN_QUEUE, "numthreads": threads, **kwargs})

    wsgi.Server.__init__ = initialise
    wsgi.Server.keep_alive_conn_limit = KEPT_CONNECTIONS


def remember_signatures():
    """Has pecan look at each handler once. A signature belongs to the function: the objects it is bound to come and go with requests."""
    signature = functools.lru_cache(maxsize=4096)(pecan.util._getargspec)
    pecan.util._getargspec = lambda handler: signature(getattr(handler, "__func__", handler))


def remember_schemas():
    """Has jsonschema judge each schema once. They are known by identity: Ironic makes its own when it is loaded, and changes none."""
    checked = collections.OrderedDict()
    validate = jsonschema.validate

    def validate_checked(instance, schema, cls=None, *args, **kwargs):
        if cls is not None or args or kwargs or not isinstance(schema, dict):
            return validate(instance, schema, cls, *args, **kwargs)
        known, validator = checked.get(id(schema), (None, None))
        if known is not schema:
            cls = jsonschema.validators.validator_for(schema)
            cls.check_schema(schema)
            # With the schema itself, so that nothing else can get its identity.
            checked[id(schema)] = schema, (validator := cls(schema))
            while len(checked) > KNOWN_SCHEMAS:
                checked.popitem(last=False)
        error = jsonschema.exceptions.best_match(validator.iter_errors(instance))
        if error is not None:
            raise error
        return None

    jsonschema.validate = validate_checked


def choose_driver():
    url = os.environ.get("OS_DATABASE__CONNECTION", "")
    if url.startswith("mysql+pymysql:") and importlib.util.find_spec("MySQLdb"):
        os.environ["OS_DATABASE__CONNECTION"] = url.replace("pymysql", "mysqldb", 1)
        print("conductor: the database driver is mysqlclient", flush=True)


def main():
    choose_driver()
    remember_signatures()
    remember_schemas()
    require_address()
    size_servers(int(os.environ["CONDUCTOR_SERVER_THREADS"]), int(os.environ["CONDUCTOR_READERS"]))
    if os.environ.get("HOST_SOCKET"):
        tell_changes(Teller(os.environ["HOST_SOCKET"]))
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
    sys.argv[0] = command.name
    return command.load()()


if __name__ == "__main__":
    sys.exit(main())
