"""Prepares the pod of a conductor, in its init container: the boot files, then the schema of the database (schema.py).

Safe to run again at any point. Environment: HTTP_URL (where /shared/html is served; unset: the boot files are on the
image server), and that of schema.py.
"""

import os
import pathlib
import uuid

from schema import ensure_schema, stop_on_signal

SHARED = pathlib.Path(os.environ.get("SHARED_DIR", "/shared"))


def make_folders():
    """Makes the folders that ironic.conf names."""
    for name in ("html/boot", "html/master", "images", "tftp", "lock", "master-images", "master-iso"):
        (SHARED / name).mkdir(parents=True, exist_ok=True)


def make_boot_files(http_url):
    """Writes the deploy kernel and ramdisk: a line of text each, because no fake host loads them.

    Ironic gets them over HTTP and finds them in its cache from the start. It never caches a file:// image: each use
    makes a temporary directory in the cache's folder, and another thread that clears the cache at that moment fails
    on it (FileNotFoundError; one host in fifty stalled for minutes). The name of a cached file is the version 5 UUID
    of its URL; if Ironic changed that, it would only download the files once.
    """
    html, master = SHARED / "html", SHARED / "html" / "master"
    for name in ("ipa.kernel", "ipa.initramfs"):
        served = html / "boot" / name
        if not served.exists():
            part = served.with_suffix(".part")
            part.write_text("%s of hosts that do not exist\n" % name)
            part.rename(served)
        cached = master / str(uuid.uuid5(uuid.NAMESPACE_URL, "%s/boot/%s" % (http_url, name)))
        if not cached.exists():
            os.link(served, cached)


if __name__ == "__main__":
    stop_on_signal()
    make_folders()
    if "HTTP_URL" in os.environ:
        make_boot_files(os.environ["HTTP_URL"])
    ensure_schema()
