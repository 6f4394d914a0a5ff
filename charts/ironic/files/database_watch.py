"""Notices that the database server was restarted, by its uptime: an outage of the network does not change that."""

import time
import urllib.parse

import pymysql

TIMEOUT = 5  # seconds to connect, to send and to receive


class DatabaseWatch:
    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.connection = None
        self.started = None  # latest time (time.monotonic()) at which the server can have started

    def restarted(self):
        """True once after the server was restarted. False while it does not answer: nothing can be done about that."""
        try:
            self.connect()
            asked = time.monotonic()
            uptime = self.uptime()
        except (pymysql.err.Error, OSError):
            self.close()
            return False
        # The server rounds its uptime down and read it at some time between the question and the answer.
        earliest, latest = asked - uptime - 1, time.monotonic() - uptime
        before, self.started = self.started, latest
        return before is not None and earliest > before

    def connect(self):
        if self.connection is None:
            self.connection = pymysql.connect(
                host=self.url.hostname,
                port=self.url.port or 3306,
                user=self.url.username,
                password=urllib.parse.unquote(self.url.password or ""),
                connect_timeout=TIMEOUT,
                read_timeout=TIMEOUT,
                write_timeout=TIMEOUT,
                autocommit=True,
            )

    def uptime(self):
        """Whole seconds since the server started."""
        with self.connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
            return int(cursor.fetchone()[1])

    def close(self):
        if self.connection is not None:
            connection, self.connection = self.connection, None
            try:
                connection.close()
            except (pymysql.err.Error, OSError):
                pass
