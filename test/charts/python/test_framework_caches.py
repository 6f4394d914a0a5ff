"""framework_caches.py: what is remembered of pecan and jsonschema. conductor.py: the database driver."""

import functools
import os
import unittest
from unittest import mock

import conductor
import framework_caches
import jsonschema
import pecan.util


def decorate(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


class Controller:
    def plain(self, ident, fields=None):
        pass

    @decorate
    def decorated(self, ident, *args, limit=1):
        pass

    @staticmethod
    def static(a, b=2):
        pass


class Signatures(unittest.TestCase):
    def test_signatures(self):
        """pecan gets the signatures that it would find itself, and inspects each function once, not each object."""
        handlers = [Controller().plain, Controller().decorated, Controller.static, Controller.plain]
        expected = [tuple(pecan.util.getargspec(handler)) for handler in handlers]
        inspected = mock.Mock(side_effect=pecan.util._getargspec)
        with mock.patch.object(pecan.util, "_getargspec", inspected):
            framework_caches.cache_signatures()
            for _ in range(3):
                self.assertEqual([tuple(pecan.util.getargspec(handler)) for handler in handlers], expected)
            calls = inspected.call_count
            self.assertLessEqual(calls, 4)
            pecan.util.getargspec(Controller().plain)
            self.assertEqual(inspected.call_count, calls)


def verdict(function, value, schema):
    try:
        return [function(value, schema)]
    except (jsonschema.ValidationError, jsonschema.SchemaError) as error:
        return [type(error).__name__, error.message]


class Schemas(unittest.TestCase):
    DRAFT4 = "http://json-schema.org/draft-04/schema#"

    def setUp(self):
        self.validate = jsonschema.validate
        self.addCleanup(setattr, jsonschema, "validate", self.validate)
        framework_caches.cache_schema_checks()

    def test_verdicts(self):
        """Values are validated as by jsonschema itself, and each schema is checked once."""
        schema = {"$schema": self.DRAFT4, "type": "object", "properties": {"a": {"type": "integer"}}}
        values = [{}, {"a": 1}, {"a": "x"}, [], None, {"a": 1.5}]
        expected = [verdict(self.validate, value, schema) for value in values]
        check = mock.Mock(side_effect=jsonschema.Draft4Validator.check_schema)
        with mock.patch.object(jsonschema.Draft4Validator, "check_schema", check):
            self.assertEqual([verdict(jsonschema.validate, value, schema) for value in values], expected)
        self.assertEqual(check.call_count, 1)

    def test_broken_schema(self):
        """A broken schema is refused every time, as by jsonschema itself."""
        broken = {"$schema": self.DRAFT4, "type": "nonsense"}
        expected = verdict(self.validate, {}, broken)
        self.assertEqual(expected[0], "SchemaError")
        for _ in range(2):
            self.assertEqual(verdict(jsonschema.validate, {}, broken), expected)

    def test_identity(self):
        """A schema never gets the verdict of an earlier one that had the same identity."""
        verdicts = [verdict(jsonschema.validate, "x", {"enum": [str(number)]}) for number in range(2000)]
        self.assertEqual(verdicts.count([None]), 0)


class DatabaseDriver(unittest.TestCase):
    PYMYSQL = "mysql+pymysql://ironic:pymysql@db:3306/ironic?charset=utf8"

    def chosen(self, url, found):
        with (
            mock.patch.dict(os.environ, {"OS_DATABASE__CONNECTION": url}),
            mock.patch.object(conductor.importlib.util, "find_spec", lambda name: found and name == "MySQLdb"),
        ):
            conductor.choose_database_driver()
            return os.environ["OS_DATABASE__CONNECTION"]

    def test_driver(self):
        """mysqlclient takes the place of PyMySQL where the image has it, and of no other driver."""
        self.assertEqual(self.chosen(self.PYMYSQL, True), "mysql+mysqldb://ironic:pymysql@db:3306/ironic?charset=utf8")
        self.assertEqual(self.chosen(self.PYMYSQL, False), self.PYMYSQL)
        self.assertEqual(self.chosen("sqlite:////tmp/x", True), "sqlite:////tmp/x")
