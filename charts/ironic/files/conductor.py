"""Runs `ironic` with changes that thousands of hosts need and that Ironic has no options for.

The arguments are those of `ironic`. The changes are in modules of their own: CHANGES and MIDDLEWARE. Each says by ROW
which row of docs/deviations.md it is, and by REPLACES what of Ironic it was written for. Where something of that is
another by now, the change is left out, and the log says so.

Ironic's service runs in a worker process. With some versions of oslo.service (4.5 to 4.7) that is a new interpreter and
no copy of this one: it imports this file under the name `__mp_main__`, and the changes are made in it once more.

Environment: OS_DATABASE__CONNECTION, CONDUCTOR_WITHOUT (rows of changes that are not made, separated by spaces;
default: none), and that of the changes.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import sys

import ironic.command  # noqa: F401 (must come before all of Ironic: it chooses the threading backend of oslo.service)

import sources

# Modules that make their change when they are told to.
CHANGES = ("framework_caches", "agent_address_required", "redfish_password_hash", "state_notifier")
# Modules that wrap the applications of Ironic's servers, the innermost first. SERVERS puts them there.
MIDDLEWARE = ("hash_ring_balance", "response_cache")
SERVERS = "server_sizes"
# Row of the change that is no module.
DATABASE_DRIVER = "ironic-mysqlclient"


def log(message):
    print("conductor:", message, flush=True)


def unwanted():
    """Rows of the changes that the configuration leaves out."""
    return os.environ.get("CONDUCTOR_WITHOUT", "").split()


def choose_database_driver():
    """Takes mysqlclient where the image has it.

    It is written in C, PyMySQL in Python, and it releases Python's lock less often: a GET takes half the CPU with ten
    threads and a tenth less with two.
    """
    url = os.environ.get("OS_DATABASE__CONNECTION", "")
    if DATABASE_DRIVER in unwanted():
        log("without %s, as it is configured" % DATABASE_DRIVER)
    elif url.startswith("mysql+pymysql:") and importlib.util.find_spec("MySQLdb"):
        os.environ["OS_DATABASE__CONNECTION"] = url.replace("pymysql", "mysqldb", 1)
        log("the database driver is mysqlclient")


def fitting(name, left_out):
    """The module of a change.

    None, and its row in `left_out`, where it is not wanted or Ironic is not what it was written for.
    """
    try:
        module = importlib.import_module(name)
    except (ImportError, AttributeError) as error:
        row, problems = name, [f"{type(error).__name__}: {error}"]
    else:
        row, problems = module.ROW, sources.unexpected(module.REPLACES)
    if row in unwanted():
        log("without %s, as it is configured" % row)
    elif not problems:
        return module
    else:
        log("without %s, which was written for another version: %s" % (row, "; ".join(problems)))
    left_out.append(row)
    return None


def patch():
    """Makes all changes in this process, and says so: a conductor without them looks the same, only slower."""
    choose_database_driver()
    left_out = []
    for module in filter(None, [fitting(name, left_out) for name in CHANGES]):
        module.make()
    middleware = [module.wrap for module in filter(None, [fitting(name, left_out) for name in MIDDLEWARE])]
    servers = fitting(SERVERS, left_out)
    if servers:
        servers.make(middleware)
    elif middleware:
        log("without %s, for want of %s" % (" and ".join(MIDDLEWARE), SERVERS))
    without = " but " + ", ".join(left_out) if left_out else ""
    log("process %d runs Ironic with the lab's changes%s" % (os.getpid(), without))


def main():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
    sys.argv[0] = command.name
    return command.load()()


if __name__ in ("__main__", "__mp_main__"):
    patch()
if __name__ == "__main__":
    sys.exit(main())
