"""redfish_password_hash.py: how often the password of a BMC is hashed."""

import hashlib
import unittest
from unittest import mock

import redfish_password_hash
from ironic.drivers.modules.redfish import utils


def bmc(**more):
    return {"address": "http://192.0.2.1:8000", "username": "admin", "password": "secret", "verify_ca": True, **more}


class Hashes(unittest.TestCase):
    def setUp(self):
        self.addCleanup(setattr, utils, "hashlib", utils.hashlib)

    def keys(self, *infos):
        """The keys of Ironic's session cache for each access, and how often a password was hashed."""
        with mock.patch.object(hashlib, "pbkdf2_hmac", mock.Mock(side_effect=hashlib.pbkdf2_hmac)) as made:
            redfish_password_hash.make()
            return [utils.SessionCache(info)._session_key for info in infos], made.call_count

    def test_problem(self):
        """Ironic itself hashes the password at each access. The change goes when this fails."""
        with mock.patch.object(utils.hashlib, "pbkdf2_hmac", mock.Mock(side_effect=hashlib.pbkdf2_hmac)) as made:
            for _ in range(3):
                utils.SessionCache(bmc())
        self.assertEqual(made.call_count, 3)

    def test_once(self):
        """The same BMC and password are hashed once, and the key is the one that Ironic would make."""
        expected = utils.SessionCache(bmc())._session_key
        keys, made = self.keys(bmc(), bmc(), bmc())
        self.assertEqual(keys, 3 * [expected])
        self.assertEqual(made, 1)

    def test_others(self):
        """Another password and another BMC have keys of their own."""
        keys, made = self.keys(bmc(), bmc(password="other"), bmc(address="http://192.0.2.2:8000"), bmc(password=None))
        self.assertEqual(len(set(keys)), 4)
        self.assertEqual(made, 4)

    def test_the_rest(self):
        """Nobody else's hashes are remembered, and the module has all of hashlib."""
        redfish_password_hash.make()
        self.assertIsNot(utils.hashlib.pbkdf2_hmac, hashlib.pbkdf2_hmac)
        self.assertIs(utils.hashlib.sha256, hashlib.sha256)
