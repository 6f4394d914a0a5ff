"""Remembers the hashes of the BMCs' passwords.

Problem: Ironic hashes the password of a BMC for the key of its session cache, also when the session is in the cache,
at each access by Redfish (SessionCache.__init__ in ironic/drivers/modules/redfish/utils.py). From 35.0.0 on that is
600 000 rounds of PBKDF2, up to a second of CPU; before, it was 40.

Fix: the hash of the same password and address is the same, so it is made once. A conductor holds the passwords
themselves in its memory in any case.
"""

import functools
import hashlib
import types

import ironic.command  # noqa: F401 (must come first: it chooses the threading backend of oslo.service)
from ironic.drivers.modules.redfish import utils

ROW = "ironic-password-hash"
REPLACES = {
    # Ironic 34.0.0; 35.0.1 to 39.0.0
    "ironic.drivers.modules.redfish.utils:SessionCache.__init__": {"dd60ddb20eb28ae6", "1f49e136e2715b2c"},
}

REMEMBERED = 16384  # hashes, the least recently used goes first; a conductor has one a BMC


def make():
    """Gives the module of Ironic a hashlib of its own: other users of hashlib are not to fill the memory."""
    remembering = types.ModuleType("hashlib")
    remembering.__dict__.update(vars(hashlib))
    remembering.pbkdf2_hmac = functools.lru_cache(maxsize=REMEMBERED)(hashlib.pbkdf2_hmac)
    utils.hashlib = remembering
