"""Tells whether Ironic and its libraries still are what a change of the lab's was written for.

A change replaces functions of Ironic, or rests on how they work. With another version of Ironic it may do harm without
a word, so each change names those functions with a hash of the source of each, and is left out where one is another.
"""

import functools
import hashlib
import importlib
import inspect
import textwrap

HASH_LENGTH = 16  # hex digits of SHA-256: enough to tell versions of a function apart


def source_hash(place):
    """Hash of the source of "MODULE:NAME", a function or class. Raises ImportError, AttributeError, OSError (its source
    is not there) or TypeError (it has none, as what is written in C).
    """
    module, _, name = place.partition(":")
    found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    text = textwrap.dedent(inspect.getsource(inspect.unwrap(found)))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def unexpected(replaces):
    """What is not as expected, in words. `replaces`: the hashes of all known sources of each place."""
    problems = []
    for place, known in replaces.items():
        try:
            found = source_hash(place)
        except (ImportError, AttributeError, OSError, TypeError) as error:
            problems.append(f"{place}: {type(error).__name__}: {error}")
            continue
        if found not in known:
            problems.append(f"{place} has the source {found}, and not {' or '.join(sorted(known))}")
    return problems
