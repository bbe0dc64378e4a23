"""Brings the servers of a test run, before Django reads its settings.

A pytest plugin and not a conftest, because pytest-django loads the settings first. Load it with
`-p tests.servers`.
"""

from __future__ import annotations

import os

import pytest

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"

from config.embedded import CannotStart, resolve  # noqa: E402  (importing config reads it)

# The workers of pytest-xdist inherit the addresses from the process that started them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    try:
        resolve("test")
    except CannotStart as reason:
        pytest.exit(str(reason), returncode=3)
