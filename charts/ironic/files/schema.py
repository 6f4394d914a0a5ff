"""Makes and upgrades the schema of Ironic's database.

Safe when several conductors do it at once and when it is killed at any point: all of it happens under a lock of the
database server, which ends with its connection, and a step that was not finished is done again.

An upgrade is an offline one, as upstream's upgrade guide calls it: a conductor of another version knows neither the new
columns nor the new objects, so the schema is changed when none works any more.

Environment: OS_DATABASE__CONNECTION (mysql+pymysql://...), DATABASE_TIMEOUT (seconds to wait for the database,
default 300), LOCK_TIMEOUT (seconds to wait for another conductor that is at it, default 600), STOP_TIMEOUT (seconds to
wait for conductors of an earlier version to stop, default 480: less than those who wait for the lock have), SHARED_DIR
(a volume of the pod, default /shared).
"""

import configparser
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse

import pymysql
from alembic.script import ScriptDirectory

CONFIG = "/etc/ironic-conductor/ironic.conf"
ER_NO_SUCH_TABLE = 1146
# The revision at which this pod has seen a complete schema. It is in a volume that lives as long as the pod, and a
# pod keeps its image: as long as the database has the same revision there is nothing to do, and no ironic-dbsync (2
# CPU-seconds) runs.
SEEN = pathlib.Path(os.environ.get("SHARED_DIR", "/shared")) / "schema-revision"


def log(message):
    print("schema:", message, flush=True)


def stop_on_signal():
    """Ends this process at SIGTERM: the first process of a container is deaf to signals it has no handler for."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def connect(url, timeout):
    """A connection to the database, waiting for it at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    logged = 0.0
    while True:
        try:
            return pymysql.connect(
                host=url.hostname,
                port=url.port or 3306,
                user=url.username,
                password=urllib.parse.unquote(url.password or ""),
                database=url.path.lstrip("/"),
                connect_timeout=5,
                autocommit=True,
            )
        except pymysql.err.OperationalError as error:
            if time.monotonic() >= deadline:
                sys.exit("schema: no database at %s:%s after %d s: %s" % (url.hostname, url.port, timeout, error))
            if time.monotonic() - logged > 10:
                logged = time.monotonic()
                log("waiting for the database at %s: %s" % (url.hostname, error))
            time.sleep(1)


def schema_revision(cursor):
    """The revision of the schema; None when there is none or it is incomplete (the revision is written last)."""
    try:
        cursor.execute("SELECT version_num FROM alembic_version")
    except pymysql.err.ProgrammingError as error:
        if error.args[0] == ER_NO_SUCH_TABLE:
            return None
        raise
    row = cursor.fetchone()
    return row[0] if row else None


def own_revisions():
    """The revisions of the schema that this image's Ironic knows, the newest first."""
    (package,) = importlib.util.find_spec("ironic.db").submodule_search_locations
    scripts = ScriptDirectory(os.path.join(package, "sqlalchemy", "alembic"))
    return [script.revision for script in scripts.walk_revisions()]


def working_conductors(cursor):
    """Names of the other conductors that work on the database: as Ironic sees it, those with a recent heartbeat."""
    config = configparser.RawConfigParser()
    config.read(CONFIG)
    cursor.execute(
        "SELECT hostname FROM conductors WHERE online = 1 AND hostname != %s"
        " AND updated_at > UTC_TIMESTAMP() - INTERVAL %s SECOND ORDER BY hostname",
        # An earlier pod of this conductor is gone: its Deployment never has two.
        (config.get("DEFAULT", "host"), config.getint("conductor", "heartbeat_timeout")),
    )
    return [row[0] for row in cursor.fetchall()]


def wait_until_alone(cursor, timeout):
    """Waits until no other conductor works on the database, at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    logged = 0.0
    while True:
        others = working_conductors(cursor)
        if not others:
            return
        if time.monotonic() >= deadline:
            sys.exit("schema: of an earlier version there still work after %d s: %s" % (timeout, ", ".join(others)))
        if time.monotonic() - logged > 10:
            logged = time.monotonic()
            log("waiting until no conductor of an earlier version works: " + ", ".join(others))
        time.sleep(1)


def upgrade(cursor, revision):
    """Brings a schema that is there to this image's revision."""
    known = own_revisions()
    if revision not in known:
        sys.exit("schema: the database is at %s, of a newer Ironic than this: it has no way back" % revision)
    if revision != known[0]:
        wait_until_alone(cursor, int(os.environ.get("STOP_TIMEOUT", "480")))
    dbsync("upgrade")
    dbsync("online_data_migrations")


def dbsync(*command):
    log("ironic-dbsync " + " ".join(command))
    result = subprocess.run(["ironic-dbsync", "--config-file", CONFIG, *command], check=False)
    if result.returncode:
        sys.exit("schema: ironic-dbsync %s ended with %d" % (" ".join(command), result.returncode))


def ensure_schema():
    """Brings the schema to this image's revision, unless this pod has seen the database there before."""
    url = urllib.parse.urlsplit(os.environ["OS_DATABASE__CONNECTION"])
    lock_timeout = int(os.environ.get("LOCK_TIMEOUT", "600"))
    connection = connect(url, int(os.environ.get("DATABASE_TIMEOUT", "300")))
    with connection, connection.cursor() as cursor:
        revision = schema_revision(cursor)
        if revision is not None and SEEN.exists() and SEEN.read_text() == revision:
            return
        # The connection is idle while ironic-dbsync works, and the lock must live until that has ended.
        cursor.execute("SET SESSION wait_timeout = 28800")
        cursor.execute("SELECT GET_LOCK('ironic-schema', %s)", (lock_timeout,))
        if cursor.fetchone()[0] != 1:
            sys.exit("schema: another conductor has been making the schema for more than %d s" % lock_timeout)
        revision = schema_revision(cursor)
        if revision is None:
            # Makes the tables that are missing, so it completes a half-made schema, in seconds: the alternative is to
            # run every migration since 2013.
            dbsync("create_schema")
        else:
            upgrade(cursor, revision)
        revision = schema_revision(cursor)
        log("the schema is at %s" % revision)
        SEEN.write_text(revision)
