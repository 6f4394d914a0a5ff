"""api_health.py: when the API of a conductor counts as ready, and when the conductor has to be restarted."""

import http.client
import ipaddress
import unittest
from unittest import mock

import api_health
from clock import Clock


class Health(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        patch = mock.patch.object(api_health.time, "monotonic", self.clock)
        patch.start()
        self.addCleanup(patch.stop)
        self.api = api_health.ApiHealth(ipaddress.ip_address("192.0.2.1"), 6385, "/etc/ssl/certs/ca-certificates.crt")

    def answers(self, outcome, seconds=5):
        """A look at the API, whose answer is a status or an error."""
        self.clock.now += seconds
        connection = mock.Mock()
        if isinstance(outcome, Exception):
            connection.request.side_effect = outcome
        else:
            connection.getresponse.return_value = mock.Mock(status=outcome)
        with mock.patch.object(http.client, "HTTPSConnection", return_value=connection):
            return self.api.answers()

    def test_late(self):
        """An API counts as ready although two answers are late, but not when it refuses or nginx has no Ironic."""
        self.assertTrue(self.answers(200))
        self.assertEqual([self.answers(TimeoutError()) for _ in range(3)], [True, True, False])
        self.assertTrue(self.answers(200))
        self.assertFalse(self.answers(ConnectionRefusedError()))
        self.assertTrue(self.answers(200))
        self.assertFalse(self.answers(502))
        self.assertFalse(self.answers(503))

    def test_silence(self):
        """A restart is requested once when an API that has answered is silent for more than 180 s."""
        self.assertTrue(self.answers(200))
        self.answers(TimeoutError(), 180)
        self.assertIsNone(self.api.take_restart_reason())
        self.answers(TimeoutError(), 1)
        self.assertEqual(self.api.take_restart_reason(), "its API gave no answer for 180 s")
        self.answers(TimeoutError(), 500)
        self.assertIsNone(self.api.take_restart_reason())

    def test_start(self):
        """A conductor that starts or stops, and refuses connections, is Kubernetes' business."""
        self.assertTrue(self.answers(200))
        self.answers(ConnectionRefusedError())
        self.answers(TimeoutError(), 500)
        self.assertIsNone(self.api.take_restart_reason())
