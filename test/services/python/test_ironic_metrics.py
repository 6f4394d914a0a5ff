import http.client
import http.server
import re
import threading
import unittest
from unittest import mock

import ironic_metrics
import pymysql


class Cursor:
    def __init__(self, rows_of):
        self.rows_of = rows_of

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False

    def execute(self, query):
        self.rows = self.rows_of(query)

    def fetchall(self):
        return self.rows


class Connection:
    def __init__(self, rows_of):
        self.rows_of = rows_of
        self.closed = False

    def cursor(self):
        return Cursor(self.rows_of)

    def close(self):
        self.closed = True


def rows_of(query):
    return [("", 1)] if query.startswith("SELECT ''") else [('odd "name"\\', 2), ("other", 0)]


def failing(query):
    raise pymysql.err.OperationalError(2013, "Lost connection")


class ExpositionTest(unittest.TestCase):
    def test_format(self):
        """The text is Prometheus' format: a metric's meaning and type before its series, and labels escaped."""
        text = ironic_metrics.exposition(rows_of)
        self.assertIn('# TYPE ironic_nodes gauge\nironic_nodes{provision_state="odd \\"name\\"\\\\"} 2\n', text)
        self.assertIn("\nironic_nodes_maintenance 1\n", text)
        for line in text.splitlines():
            self.assertRegex(line, re.compile(r'^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="(\\.|[^"\\])*"\})? \d+)$'))

    def test_labels(self):
        """A metric without a label has one series, whose query says so."""
        for name, _, label, query in ironic_metrics.METRICS:
            self.assertEqual(label == "", query.startswith("SELECT ''"), name)


class DatabaseTest(unittest.TestCase):
    def test_reconnects(self):
        """A connection is kept until it fails, and another one is made for the next request."""
        made = [Connection(rows_of), Connection(rows_of)]
        with mock.patch.object(pymysql, "connect", side_effect=list(made)) as connect:
            database = ironic_metrics.Database("host", "secret")
            database.metrics()
            database.metrics()
            self.assertEqual(connect.call_count, 1)
            made[0].rows_of = failing
            with self.assertRaises(pymysql.err.OperationalError):
                database.metrics()
            self.assertTrue(made[0].closed)
            self.assertIn("ironic_nodes", database.metrics())
            self.assertEqual(connect.call_count, 2)


class ServerTest(unittest.TestCase):
    def ask(self, path, answers):
        database = ironic_metrics.Database("host", "secret")
        database.metrics = answers
        server = http.server.HTTPServer(("127.0.0.1", 0), ironic_metrics.handler(database))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            server.shutdown()
            server.server_close()

    def test_answers(self):
        """Metrics are answered at /metrics alone, and a database that does not answer is an error with its reason."""
        self.assertEqual(self.ask("/metrics", lambda: "x 1\n"), (200, "x 1\n"))
        self.assertEqual(self.ask("/", lambda: "x 1\n")[0], 404)
        status, text = self.ask("/metrics", lambda: failing(""))
        self.assertEqual(status, 500)
        self.assertIn("Lost connection", text)
