"""Runs the tests of one module in Ironic's image; prints {CLASS.TEST: null, or why it failed} as the last line."""

import json
import unittest


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.outcomes = {}

    def note(self, test, problem):
        # A test fails with any of its subtests.
        name = ".".join(test.id().split(".")[-2:])
        self.outcomes[name] = problem or self.outcomes.get(name)

    def addSuccess(self, test):
        self.note(test, None)

    def addFailure(self, test, err):
        self.note(test, self._exc_info_to_string(err, test))

    def addError(self, test, err):
        self.note(test, self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note(test, f"{subtest}: {self._exc_info_to_string(err, test)}")


def main(module):
    result = Outcomes()
    unittest.defaultTestLoader.loadTestsFromName(module).run(result)
    print()
    print(json.dumps(result.outcomes))
