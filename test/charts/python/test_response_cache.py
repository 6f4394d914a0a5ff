"""response_cache.py: answers about hosts that are given again."""

import unittest
from unittest import mock

from ironic.common import exception
import response_cache
import sqlalchemy

A, B = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
HOST = f"/v1/nodes/{A}"


class Answers(unittest.TestCase):
    def setUp(self):
        self.rows, self.asked = {A: [(1, "x")], B: [(1, "x")]}, 0
        self.cache = response_cache.ResponseCache(self.application, rows=lambda query, host: self.rows.get(host))

    def application(self, environ, start_response):
        self.asked += 1
        headers = [("Content-Type", "application/json"), ("Openstack-Request-Id", f"req-{self.asked}")]
        start_response(environ.get("status", "200 OK"), headers)
        return [f"answer {self.asked}".encode()]

    def ask(self, path=HOST, method="GET", query="", authorization="Basic me", **more):
        """(body, status, whether the answer has a request's ID)"""
        started = []
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query, **more}
        if authorization is not None:
            environ["HTTP_AUTHORIZATION"] = authorization
        body = b"".join(self.cache(environ, lambda status, headers, *_: started.append([status, dict(headers)])))
        return body.decode(), started[0][0], "Openstack-Request-Id" in started[0][1]

    def test_same_rows(self):
        """An answer is repeated without the request's ID while the rows are the same."""
        answers = [self.ask() for _ in range(3)]
        self.assertEqual(answers, [("answer 1", "200 OK", True)] + 2 * [("answer 1", "200 OK", False)])

    def test_changed_rows(self):
        """The application is asked once when the rows have changed."""
        self.ask()
        self.rows[A] = [(1, "y")]
        self.assertEqual([self.ask()[0], self.ask()[0]], ["answer 2", "answer 2"])

    def test_other_requests(self):
        """Other credentials, another API version and another host get answers of their own."""
        self.ask()
        others = [
            self.ask(authorization="Basic you"),
            self.ask(HTTP_X_OPENSTACK_IRONIC_API_VERSION="1.99"),
            self.ask(f"/v1/nodes/{B}"),
            self.ask(),
        ]
        self.assertEqual([body for body, *_ in others], ["answer 2", "answer 3", "answer 4", "answer 1"])

    def test_parts(self):
        """The answers about firmware, BIOS and ports are repeated, too."""
        for path, query in (
            (f"{HOST}/firmware", ""),
            (f"{HOST}/bios", ""),
            (f"{HOST}/bios", "detail=true"),
            ("/v1/ports", f"fields=node_uuid&node_uuid={A}"),
        ):
            with self.subTest(path, query=query):
                before = self.asked
                self.assertEqual(self.ask(path, query=query)[0], self.ask(path, query=query)[0])
                self.assertEqual(self.asked, before + 1)

    def test_never_repeated(self):
        """Other requests always reach the application."""
        for request in (
            {"method": "PATCH"},
            {"query": "fields=uuid"},
            {"authorization": None},
            {"path": "/v1/nodes"},
            {"path": f"{HOST}/states"},
            {"path": "/v1/nodes/name"},
            {"path": "/v1/ports"},
            {"path": "/v1/ports", "query": f"node_uuid={A}"},
            {"path": f"{HOST}/bios/x"},
        ):
            with self.subTest(**request):
                self.assertNotEqual(self.ask(**request)[0], self.ask(**request)[0])

    def test_unknown_rows(self):
        """An answer without rows is not kept."""
        del self.rows[A]
        self.assertEqual([self.ask()[0], self.ask()[0]], ["answer 1", "answer 2"])

    def test_refusal(self):
        """A refusal is not kept."""
        self.assertEqual(self.ask(status="404 Not Found")[:2], ("answer 1", "404 Not Found"))
        self.assertEqual(self.ask()[:2], ("answer 2", "200 OK"))

    def test_size(self):
        """The least recently used answer is dropped when the cache is full."""
        with mock.patch.object(response_cache, "SIZE", 2):
            for name in ("one", "two", "one", "three"):
                self.ask(HTTP_X=name)
            self.assertEqual(len(self.cache.answers), 2)
            self.ask(HTTP_X="one")
            self.assertEqual(self.asked, 3)


class Rows(unittest.TestCase):
    """The queries against SQLite, with what it lacks of MariaDB replaced."""

    TABLES = (
        "nodes (id INTEGER, uuid TEXT, owner TEXT, lessee TEXT, driver TEXT, conductor_group TEXT)",
        "node_traits (node_id INTEGER, trait TEXT)",
        "firmware_information (node_id INTEGER, component TEXT)",
        "bios_settings (node_id INTEGER, name TEXT)",
        "ports (id INTEGER, node_id INTEGER)",
    )
    NODE = (7, "u", None, None, "redfish", "")
    NO_PART = [(None, None, None, None)]

    def setUp(self):
        # A single connection: a second one would find an empty database, and a connection that is not returned blocks.
        self.engine = sqlalchemy.create_engine(
            "sqlite:////tmp/ironic.sqlite",
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            pool_size=1,
            max_overflow=0,
            pool_timeout=1,
        )
        self.write(*(f"DROP TABLE IF EXISTS {table.split()[0]}" for table in self.TABLES))
        self.write(*(f"CREATE TABLE {table}" for table in self.TABLES))
        self.write("INSERT INTO nodes VALUES (7, 'u', NULL, NULL, 'redfish', '')", "INSERT INTO ports VALUES (3, 7)")
        self.queries = [self.for_sqlite(query) for _, query in response_cache.QUERIES]
        self.conductor_of = mock.Mock(return_value=("192.0.2.1", ["192.0.2.1", "192.0.2.2"]))
        for name, value in (
            ("database", lambda: self.engine),
            ("HOST", self.for_sqlite(response_cache.HOST)),
            ("conductor_of", self.conductor_of),
        ):
            patch = mock.patch.object(response_cache, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    @staticmethod
    def for_sqlite(query):
        count = query.replace("CONCAT(COUNT(*), ' ', ", "(COUNT(*) || ' ' || ")
        return count.replace("CRC32", "LENGTH").replace("%s", "?")

    def write(self, *statements):
        with self.engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rows(self, host="u"):
        return [response_cache.rows_of(query, host) for query in self.queries]

    def test_rows(self):
        """The rows of a host are its own with its traits and its conductor; those of a part are the part's."""
        host, firmware, bios, ports = self.rows()
        self.assertEqual(host, [("redfish", "", *self.NODE, "0 0"), "192.0.2.1"])
        self.assertEqual((firmware, bios), (self.NO_PART, self.NO_PART))
        self.assertEqual(ports, [(None, None, 3, 7)])
        self.conductor_of.assert_called_once_with({"driver": "redfish", "conductor_group": ""}, "u")

    def test_changes(self):
        """A new trait, another conductor, new firmware and a lost port change the rows."""
        self.write("INSERT INTO node_traits VALUES (7, 'CUSTOM_GPU')", "DELETE FROM ports")
        self.write("INSERT INTO firmware_information VALUES (7, 'bmc')")
        self.conductor_of.return_value = ("192.0.2.2", ["192.0.2.2"])
        host, firmware, _, ports = self.rows()
        self.assertEqual(host, [("redfish", "", *self.NODE, "1 10"), "192.0.2.2"])
        self.assertEqual(firmware, [(None, None, 7, "bmc")])
        self.assertEqual(ports, self.NO_PART)

    def test_no_host(self):
        """There are no rows of a host that does not exist."""
        self.assertEqual(self.rows("v"), 4 * [None])

    def test_no_conductor(self):
        """There are no rows of a host that no conductor manages: Ironic itself says why."""
        self.conductor_of.side_effect = exception.DriverNotFound(driver_name="redfish")
        self.assertIsNone(self.rows()[0])

    def test_failed_query(self):
        """After a failed query the connection is replaced."""
        self.write("ALTER TABLE ports RENAME TO away")
        self.assertIsNone(self.rows()[3])
        self.write("ALTER TABLE away RENAME TO ports")
        self.assertNotIn(None, self.rows())

    def test_no_database(self):
        """There are no rows without a database."""
        self.engine = sqlalchemy.create_engine("sqlite:////nowhere/at.all")
        self.assertEqual(self.rows(), 4 * [None])
