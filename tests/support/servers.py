"""Brings the servers of a test run, before Django reads its settings.

A pytest plugin and not a conftest, because pytest-django loads the settings first. Load it with
`-p tests.support.servers`.
"""

from __future__ import annotations

import fcntl
import os
from itertools import count
from typing import IO

import pytest

# Before the first import of the project: the Celery application would choose other settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"

from config.embedded import CannotStart, resolve
from config.embedded.home import MEMORY, has_free_memory, home_path, in_memory
from config.embedded.postgres import SUPERUSER, Postgres
from config.env import env, put


def _take_a_seat() -> IO[str] | None:
    """Concurrent runs of one checkout must not share servers: each run locks its own directory."""
    if env().bursar_home or not has_free_memory(MEMORY):
        return None
    for seat in count():
        in_memory(seat).mkdir(exist_ok=True)
        lock = in_memory(seat).joinpath("seat.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            put(bursar_home=str(in_memory(seat)))
            return lock
    return None


# The workers of pytest-xdist inherit the addresses from the process that started them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _seat = _take_a_seat()
    try:
        resolve("test")
    except CannotStart as reason:
        pytest.exit(str(reason), returncode=3)
else:
    # One Valkey, a database for each worker: a test may flush its own.
    _number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    put(redis_url=f"{str(env().redis_url).rsplit('/', 1)[0]}/{_number}")

# And a folder for the files of each.
put(files_url=f"file://{home_path('test')}/files/{os.environ.get('PYTEST_XDIST_WORKER', 'single')}")


def superuser_url() -> str | None:
    """The superuser's URL of the temporary server; None if DATABASE_URL names another server."""
    server = Postgres(home_path("test"), "test")
    server.state = server.recorded()
    if not server.state.alive or f":{server.state.port}/" not in str(env().database_url):
        return None
    return server.url_of(SUPERUSER, "postgres")
