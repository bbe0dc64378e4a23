"""Brings the servers of a test run, before Django reads its settings.

A pytest plugin and not a conftest, because pytest-django loads the settings first. Load it with
`-p tests.servers`.
"""

from __future__ import annotations

import os

import pytest

# Before anything of ours is imported: the Celery application would choose other settings.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"

from config.embedded import CannotStart, resolve
from config.env import env, put

# The workers of pytest-xdist inherit the addresses from the process that started them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    try:
        resolve("test")
    except CannotStart as reason:
        pytest.exit(str(reason), returncode=3)
else:
    # One Valkey, a database for each worker: a test may flush its own.
    _number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    put(redis_url=f"{str(env().redis_url).rsplit('/', 1)[0]}/{_number}")
