"""Answers a question about a host from memory while the rows it was answered from are unchanged.

Problem: to read a host, Ironic makes three queries through an object-relational mapper, copies it, applies the policy
of each field and writes JSON. That is most of the work of its API: BMO reads a host six times whenever it looks at it
(at rest once a minute), and its ports and firmware once.

Fix: one query reads the rows, byte for byte, that the last answer was made of. If they are the same, so is the answer.
Nothing of the kind is in Ironic 34.0.0, whose API sets no ETag.
"""

import collections
import functools
import re
import threading

from ironic.common import exception
import oslo_db.exception
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy

from hash_ring_balance import REPLACES as HASH_RING
from hash_ring_balance import conductor_of

ROW = "ironic-response-cache"
# What an answer is made of, Ironic 34.0.0 to 39.0.0: with another function it might hold more than the rows below.
REPLACES = {
    **HASH_RING,
    "ironic.api.controllers.v1.node:NodesController.get_one": {"053aa99d6162c0d9"},
    "ironic.api.controllers.v1.node:node_convert_with_links": {"de262f7865efc751"},
    "ironic.api.controllers.v1.node:node_sanitize": {"5d7d9b935a5ed21d"},
    "ironic.api.controllers.v1.firmware:NodeFirmwareController.get_all": {"8eca405bdc1d2d1a", "d01097451299b021"},
    "ironic.api.controllers.v1.bios:NodeBiosController.get_all": {"d7c0fec6f227c0a4"},
    "ironic.api.controllers.v1.port:PortsController.get_all": {"4b49bac94d9d6248"},
    "ironic.api.controllers.v1.port:convert_with_links": {"564ca586e8725cb1", "b6025e2da444e34d"},
}

SIZE = 8192  # answers; one about a host has some 15 KiB with its row, the others far less
UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# The rows behind an answer about a part of a host. Owner and lessee of the host decide who may see the part.
PART = (
    "SELECT nodes.owner, nodes.lessee, {0}.* FROM nodes LEFT JOIN {0} ON {0}.node_id = nodes.id WHERE nodes.uuid = %s"
)
# The rows behind an answer about the host itself: its own and those of its traits. Of its allocation and its chassis
# the answer has only the UUIDs, which never change. It also names the host's conductor, for which driver and group
# come first here.
HOST = """SELECT driver, conductor_group, nodes.*, (
    SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(trait)), 0)) FROM node_traits WHERE node_id = nodes.id
) FROM nodes WHERE uuid = %s"""
# Path and query string of each request that is answered from memory, and its rows.
QUERIES = [
    (re.compile(path), query)
    for path, query in (
        (rf"/v1/nodes/{UUID}", HOST),
        (rf"/v1/nodes/{UUID}/firmware", PART.format("firmware_information")),
        (rf"/v1/nodes/{UUID}/bios(?:\?detail=true)?", PART.format("bios_settings")),
        (rf"/v1/ports\?fields=node_uuid&node_uuid={UUID}", PART.format("ports")),
    )
]


@functools.cache
def database():
    """Connections to Ironic's database beside Ironic's own.

    Ironic's are tested before each use and rolled back after it, which makes three queries of one.
    """
    return sqlalchemy.create_engine(
        enginefacade.reader.get_engine().url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
    )


def rows_of(query, host):
    """The rows in the database and, for a host itself, its conductor.

    None if there is no such host or the database cannot tell: Ironic itself is asked then.
    """
    engine, connection = database(), None
    try:
        connection = engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute(query, (host,))
        rows = list(cursor.fetchall())
        cursor.close()
    except (engine.dialect.loaded_dbapi.Error, sqlalchemy.exc.SQLAlchemyError):
        if connection is not None:
            connection.invalidate()
        return None
    connection.close()
    if not rows or query != HOST:
        return rows or None
    driver, group = rows[0][:2]
    try:
        return [*rows, conductor_of({"driver": driver, "conductor_group": group}, host)[0]]
    except (oslo_db.exception.DBError, exception.IronicException):
        return None


def query_of(environ):
    """(query for the rows, UUID of the host) of a request; (None, None) if it is never answered from memory."""
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" not in environ:
        return None, None
    target = environ.get("PATH_INFO", "") + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
    for path, query in QUERIES:
        if match := path.fullmatch(target):
            return query, match[1]
    return None, None


class ResponseCache:
    """WSGI middleware that repeats an answer about a host while its rows are the same.

    The key holds all headers of the request, credentials and API version among them: nobody gets another's answer.
    """

    def __init__(self, application, rows=rows_of):
        self.application = application
        self.rows = rows
        self.answers = collections.OrderedDict()  # key -> (rows, status, headers, body), least recently used first
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        query, host = query_of(environ)
        if query is None:
            return self.application(environ, start_response)
        # Read before the application reads them: if they change in between, the answer is newer than its rows, and no
        # later request finds it.
        rows = self.rows(query, host)
        headers = tuple(sorted((name, value) for name, value in environ.items() if name.startswith("HTTP_")))
        key = query, host, environ.get("QUERY_STRING"), headers
        with self.lock:
            cached = self.answers.get(key)
            current = cached is not None and cached[0] == rows
            if current:
                self.answers.move_to_end(key)
        if not current:
            return self.ask(environ, start_response, key, rows)
        _, status, headers, body = cached
        start_response(status, list(headers))
        return [body]

    def ask(self, environ, start_response, key, rows):
        """The application's answer, which is kept under `key` if it is one that can be given again."""
        started = []

        def start(status, headers, exc_info=None):
            started[:] = [status, headers]
            return start_response(status, headers, exc_info)

        answer = self.application(environ, start)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        if rows is not None and started and started[0].startswith("200 "):
            # This header identifies one request.
            headers = [(name, value) for name, value in started[1] if name.lower() != "openstack-request-id"]
            with self.lock:
                self.answers[key] = rows, started[0], headers, body
                self.answers.move_to_end(key)
                while len(self.answers) > SIZE:
                    self.answers.popitem(last=False)
        return [body]


def wrap(application):
    return ResponseCache(application)
