"""database_watch.py: what counts as a restart of the database."""

import unittest
from unittest import mock

from clock import Clock
import database_watch
import pymysql


class DatabaseRestarts(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.watch = database_watch.DatabaseWatch("mysql+pymysql://ironic:a%2Fb@db:3306/ironic?charset=utf8")
        self.started, self.delay = 900.0, 0.0
        for target, name, value in (
            (database_watch.time, "monotonic", self.clock),
            (database_watch.pymysql, "connect", self.connect),
        ):
            patch = mock.patch.object(target, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.connections = []

    def connect(self, **arguments):
        self.connections.append(arguments)
        connection = mock.MagicMock()
        cursor = connection.cursor.return_value.__enter__.return_value

        def execute(_):
            if self.started is None:
                raise pymysql.err.OperationalError(2013, "Lost connection")
            cursor.fetchone.return_value = ("Uptime", str(int(self.clock.now - self.started)))
            self.clock.now += self.delay

        cursor.execute.side_effect = execute
        return connection

    def look(self, seconds=2.0):
        self.clock.now += seconds
        return self.watch.restarted()

    def test_restart(self):
        """A restart is reported once, whether the server was seen to be down or not."""
        self.assertEqual([self.look() for _ in range(3)], [False, False, False])
        self.started = None
        self.assertFalse(self.look())
        self.started = self.clock.now + 1
        self.assertEqual([self.look() for _ in range(3)], [True, False, False])
        self.started = self.clock.now + 1
        self.assertTrue(self.look())

    def test_outage(self):
        """An outage of the network is no restart."""
        self.assertFalse(self.look())
        started, self.started = self.started, None
        self.assertFalse(self.look(300))
        self.started = started
        self.assertFalse(self.look())

    def test_late_answers(self):
        """Answers that come late, and the rounding to whole seconds, are no restart."""
        for delay in (0.0, 4.9, 0.0, 2.5, 4.9, 0.3, 0.0):
            self.delay = delay
            self.assertFalse(self.look(2.3), delay)

    def test_connection(self):
        """One connection is kept, with the password as it is, and a lost one is replaced."""
        self.look()
        self.look()
        self.assertEqual(len(self.connections), 1)
        self.assertEqual(self.connections[0]["password"], "a/b")
        started, self.started = self.started, None
        self.look()
        self.started = started
        self.look()
        self.assertEqual(len(self.connections), 2)
