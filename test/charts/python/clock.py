"""A clock for tests."""


class Clock:
    """time.monotonic() that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now
