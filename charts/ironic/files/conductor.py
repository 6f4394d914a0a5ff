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
- Reading a host is three queries through an object-relational mapper, a copy, the policy of each field, and JSON: most of what the API does, as BMO
  reads a host six times whenever it looks at it, and its ports and firmware once. While the rows in the database are the same, byte for byte, so is the
  answer.
- mysqlclient, where the image has it, is C where PyMySQL is Python, and hands Python's lock over less often: half the CPU of a GET with ten
  threads, a tenth less with two.

Environment: CONDUCTOR_SERVER_THREADS (of each of the two servers), CONDUCTOR_READERS (reading requests at once), OS_DATABASE__CONNECTION.
"""
import collections
import functools
import importlib.metadata
import importlib.util
import os
import re
import sys
import threading
import time

from cheroot import wsgi
import jsonschema
import oslo_db.exception
from oslo_db.sqlalchemy import enginefacade
import pecan.util
import sqlalchemy.exc

LISTEN_QUEUE = 1024  # connections; the kernel caps it at net.core.somaxconn
KEPT_CONNECTIONS = 128  # idle ones, more than nginx keeps (see _nginx.conf.tpl)
KNOWN_SCHEMAS = 512
KNOWN_ANSWERS = 8192  # some 15 KiB each for a host with its row, the others far less
# The answer about a host says which conductor has it, too, and that is no part of its row: it may be as old as this, seconds.
ANSWER_AGE = 300
UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# What may be asked about a host (path and query), and the rows that the answer is made of. Of the host itself these are its traits, too; allocations and
# chassis as well, but of those the answer has only the UUID, which never changes. Who may see the others depends on the host's owner and lessee.
OF_HOST = "SELECT nodes.owner, nodes.lessee, {0}.* FROM nodes LEFT JOIN {0} ON {0}.node_id = nodes.id WHERE nodes.uuid = %s"
QUESTIONS = [(re.compile(path), rows) for path, rows in (
    (rf"/v1/nodes/{UUID}", """SELECT nodes.*, (SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(trait)), 0)) FROM node_traits WHERE node_id = nodes.id)
FROM nodes WHERE uuid = %s"""),
    (rf"/v1/nodes/{UUID}/firmware", OF_HOST.format("firmware_information")),
    (rf"/v1/nodes/{UUID}/bios(?:\?detail=true)?", OF_HOST.format("bios_settings")),
    (rf"/v1/ports\?fields=node_uuid&node_uuid={UUID}", OF_HOST.format("ports")),
)]
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


def rows_of(query, uuid):
    """What is in the database; None if there is no such host, or it cannot be read: then Ironic itself is asked, and says so."""
    try:
        with enginefacade.reader.get_engine().connect() as connection:
            rows = connection.exec_driver_sql(query, (uuid,)).fetchall()
    except (oslo_db.exception.DBError, sqlalchemy.exc.SQLAlchemyError):
        return None
    return [tuple(row) for row in rows] or None


def question_of(environ):
    """The query of the rows that the answer is made of, and the host; None, None where answers are not remembered."""
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" not in environ:
        return None, None
    target = environ.get("PATH_INFO", "") + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
    for path, query in QUESTIONS:
        if asked := path.fullmatch(target):
            return query, asked[1]
    return None, None


class RememberedAnswers:
    """WSGI middleware that gives the last answer about a host again, to the same headers (credentials and version among them), while its rows are the same."""

    def __init__(self, application, rows=rows_of, clock=time.monotonic):
        self.application = application
        self.rows = rows
        self.clock = clock
        self.answers = collections.OrderedDict()
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        query, host = question_of(environ)
        if query is None:
            return self.application(environ, start_response)
        # Before the application reads them: if they change in between, the answer is newer than these, and will not be given again.
        rows = self.rows(query, host)
        question = query, host, environ.get("QUERY_STRING"), tuple(sorted((name, value) for name, value in environ.items() if name.startswith("HTTP_")))
        with self.lock:
            known = self.answers.get(question)
            holds = known is not None and known[0] == rows and self.clock() < known[1]
            if holds:
                self.answers.move_to_end(question)
        if not holds:
            return self.ask(environ, start_response, question, rows)
        _, _, status, headers, body = known
        start_response(status, list(headers))
        return [body]

    def ask(self, environ, start_response, question, rows):
        said = []

        def note(status, headers, exc_info=None):
            said[:] = [status, headers]
            return start_response(status, headers, exc_info)

        answer = self.application(environ, note)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        if rows is not None and said and said[0].startswith("200 "):
            # The request's id was that of one request.
            headers = [(name, value) for name, value in said[1] if name.lower() != "openstack-request-id"]
            with self.lock:
                self.answers[question] = rows, self.clock() + ANSWER_AGE, said[0], headers, body
                self.answers.move_to_end(question)
                while len(self.answers) > KNOWN_ANSWERS:
                    self.answers.popitem(last=False)
        return [body]


def size_servers(threads, readers):
    """Gives every server of this process other defaults than cheroot's."""
    original = wsgi.Server.__init__

    @functools.wraps(original)
    def initialise(self, bind_addr, wsgi_app, **kwargs):
        original(self, bind_addr, Readers(RememberedAnswers(wsgi_app), readers), **{"request_queue_size": LISTEN_QUEUE, "numthreads": threads, **kwargs})

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
    size_servers(int(os.environ["CONDUCTOR_SERVER_THREADS"]), int(os.environ["CONDUCTOR_READERS"]))
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
    sys.argv[0] = command.name
    return command.load()()


if __name__ == "__main__":
    sys.exit(main())
