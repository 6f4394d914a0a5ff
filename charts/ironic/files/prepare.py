"""Prepares a conductor: its boot files, then the database's schema.

Safe when several conductors start at once and when it is killed anywhere: the schema is made under a lock of the database server,
which is gone with its connection, and every step is done again where it was not finished.

Environment: OS_DATABASE__CONNECTION (mysql+pymysql://…), HTTP_URL (where /shared/html is served), DATABASE_TIMEOUT (seconds to wait
for the database, default 300), LOCK_TIMEOUT (seconds to wait for another conductor's migration, default 600).
"""

import os
import pathlib
import subprocess
import sys
import time
import urllib.parse
import uuid

import pymysql

CONFIG = "/etc/ironic-conductor/ironic.conf"
SHARED = pathlib.Path(os.environ.get("SHARED_DIR", "/shared"))
ER_NO_SUCH_TABLE = 1146


def log(message):
    print("prepare:", message, flush=True)


def make_boot_files():
    """The deploy kernel and ramdisk: tiny, since no fake host loads them.

    Ironic gets them over HTTP and not as file://, and finds them in its cache from the start. A file:// image is never cached: each use
    makes a temporary directory in the cache's folder, and another thread that clears the cache at that moment fails on it
    (FileNotFoundError; one host in fifty stalled for minutes). The cache's file name is the version 5 UUID of the URL; were that to
    change, Ironic would download the files once and all would be well too.
    """
    html, master = SHARED / "html", SHARED / "html" / "master"
    for directory in (
        html / "boot",
        master,
        SHARED / "images",
        SHARED / "tftp",
        SHARED / "lock",
        SHARED / "master-images",
        SHARED / "master-iso",
    ):
        directory.mkdir(parents=True, exist_ok=True)
    for name in ("ipa.kernel", "ipa.initramfs"):
        served = html / "boot" / name
        if not served.exists():
            part = served.with_suffix(".part")
            part.write_text("%s of hosts that do not exist\n" % name)
            part.rename(served)
        cached = master / str(uuid.uuid5(uuid.NAMESPACE_URL, "%s/boot/%s" % (os.environ["HTTP_URL"], name)))
        if not cached.exists():
            os.link(served, cached)


def connect(url, timeout):
    """A connection to the database, waiting for it at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    told = 0.0
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
                sys.exit("prepare: no database at %s:%s after %d s: %s" % (url.hostname, url.port, timeout, error))
            if time.monotonic() - told > 10:
                told = time.monotonic()
                log("waiting for the database at %s: %s" % (url.hostname, error))
            time.sleep(1)


def schema_version(cursor):
    """The revision of the schema; None when there is none, or when it was only begun (the revision is written last)."""
    try:
        cursor.execute("SELECT version_num FROM alembic_version")
    except pymysql.err.ProgrammingError as error:
        if error.args[0] == ER_NO_SUCH_TABLE:
            return None
        raise
    row = cursor.fetchone()
    return row[0] if row else None


def dbsync(*command):
    log("ironic-dbsync " + " ".join(command))
    result = subprocess.run(["ironic-dbsync", "--config-file", CONFIG, *command], check=False)
    if result.returncode:
        sys.exit("prepare: ironic-dbsync %s ended with %d" % (" ".join(command), result.returncode))


def make_schema():
    url = urllib.parse.urlsplit(os.environ["OS_DATABASE__CONNECTION"])
    lock_timeout = int(os.environ.get("LOCK_TIMEOUT", "600"))
    connection = connect(url, int(os.environ.get("DATABASE_TIMEOUT", "300")))
    with connection, connection.cursor() as cursor:
        # The connection idles while ironic-dbsync works, and the lock lives as long as it does.
        cursor.execute("SET SESSION wait_timeout = 28800")
        cursor.execute("SELECT GET_LOCK('ironic-schema', %s)", (lock_timeout,))
        if cursor.fetchone()[0] != 1:
            sys.exit("prepare: another conductor has been at the schema for more than %d s" % lock_timeout)
        if schema_version(cursor) is None:
            # Makes the tables that are missing, so that a half-made schema is completed. Seconds instead of every migration since 2013.
            dbsync("create_schema")
        else:
            dbsync("upgrade")
            dbsync("online_data_migrations")
        log("the schema is at %s" % schema_version(cursor))


if __name__ == "__main__":
    make_boot_files()
    make_schema()
