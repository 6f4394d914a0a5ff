"""Hands out what Ironic knows of its nodes as metrics for Prometheus: read from its database, once for each request.

The API would answer the same, at the price of a list of all nodes. Environment:

  DATABASE_HOST, MARIADB_PASSWORD  Ironic's database and the password of its user `ironic`
  PORT                             where /metrics is answered; 500 with the reason where the database does not answer
"""

import contextlib
import http.server
import os
import sys

import pymysql

TIMEOUT = 10  # seconds to connect, to send and to receive

SINCE = "TIMESTAMPDIFF(SECOND, {}, UTC_TIMESTAMP())"

# Each metric: its name, what it says, the label that tells its series apart ("": there is one), and a query with a row
# of label and value for each series.
METRICS = (
    (
        "ironic_nodes",
        "Nodes by provision state.",
        "provision_state",
        "SELECT COALESCE(provision_state, 'available'), COUNT(*) FROM nodes GROUP BY 1",
    ),
    (
        "ironic_state_longest_seconds",
        "How long the node has been in a provision state that came into it first.",
        "provision_state",
        "SELECT COALESCE(provision_state, 'available'), "
        f"MAX({SINCE.format('COALESCE(provision_updated_at, created_at)')}) FROM nodes GROUP BY 1",
    ),
    (
        "ironic_nodes_maintenance",
        "Nodes in maintenance.",
        "",
        "SELECT '', COUNT(*) FROM nodes WHERE maintenance",
    ),
    (
        "ironic_nodes_locked",
        "Nodes that a conductor has locked.",
        "conductor",
        "SELECT hostname, (SELECT COUNT(*) FROM nodes WHERE reservation = hostname) FROM conductors WHERE online",
    ),
    (
        "ironic_lock_longest_seconds",
        "How long at least the node has been locked, of which nothing was written for the longest time; 0: none is.",
        "",
        f"SELECT '', COALESCE(MAX({SINCE.format('updated_at')}), 0) FROM nodes WHERE reservation IS NOT NULL",
    ),
    (
        "ironic_conductor_nodes",
        "Nodes by the conductor that has them.",
        "conductor",
        "SELECT hostname, (SELECT COUNT(*) FROM nodes WHERE conductor_affinity = conductors.id) "
        "FROM conductors WHERE online",
    ),
    (
        "ironic_conductor_heartbeat_age_seconds",
        "How long ago a conductor has written that it lives.",
        "conductor",
        f"SELECT hostname, {SINCE.format('updated_at')} FROM conductors WHERE online",
    ),
)


def exposition(rows_of):
    """The text of all metrics. rows_of(query) returns the rows of a query."""
    lines = []
    for name, meaning, label, query in METRICS:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
        for key, value in rows_of(query):
            labels = f'{{{label}="{escaped(key)}"}}' if label else ""
            lines.append(f"{name}{labels} {value}")
    return "\n".join(lines) + "\n"


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Database:
    """Ironic's database. A connection is kept until it fails."""

    def __init__(self, host, password):
        self.settings = {
            "host": host,
            "user": "ironic",
            "password": password,
            "database": "ironic",
            "connect_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "write_timeout": TIMEOUT,
            "autocommit": True,
        }
        self.connection = None

    def metrics(self):
        """@raises pymysql.err.Error or OSError, and connects anew at the next call"""
        try:
            if self.connection is None:
                self.connection = pymysql.connect(**self.settings)
            return exposition(self.rows)
        except (pymysql.err.Error, OSError):
            self.close()
            raise

    def rows(self, query):
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def close(self):
        if self.connection is not None:
            connection, self.connection = self.connection, None
            with contextlib.suppress(pymysql.err.Error, OSError):
                connection.close()


def handler(database):
    class Handler(http.server.BaseHTTPRequestHandler):
        # A client that says nothing holds up the others.
        timeout = TIMEOUT

        def do_GET(self):
            if self.path != "/metrics":
                self.answer(404, "there is only /metrics\n")
                return
            try:
                self.answer(200, database.metrics())
            except (pymysql.err.Error, OSError) as error:
                print(f"the database does not answer: {error}", file=sys.stderr)
                self.answer(500, f"the database does not answer: {error}\n")

        def answer(self, status, text):
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Nothing: two lines a minute that say that all is well."""

    return Handler


if __name__ == "__main__":
    database = Database(os.environ["DATABASE_HOST"], os.environ["MARIADB_PASSWORD"])
    # One request after the other: they share a connection.
    http.server.HTTPServer(("", int(os.environ["PORT"])), handler(database)).serve_forever()
