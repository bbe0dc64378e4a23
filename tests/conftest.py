"""Loads the suite's plugins, each once: a module that imported one would have servers of its own."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

gc.disable()  # while all is imported and collected, nothing is garbage: to find that out took as long as the rest
pytest.register_assert_rewrite(
    *(
        f"tests.support.{path.stem}"
        for path in Path(__file__).with_name("support").glob("[a-z]*.py")
        if path.stem != "servers"  # loaded before this file
    )
)
pytest_plugins = (
    "pytester",
    "tests.support.database",
    "tests.support.tenants",
    "tests.support.tiers",
    "tests.support.branches",
    "tests.support.callers",
    "tests.support.chart",
    "tests.support.devices",
    "tests.support.eight_tenants",
    "tests.support.listener",
    "tests.support.pooler",
    "tests.support.processes",
    "tests.support.receiver",
    "tests.support.sealing",
    "tests.support.shards",
    "tests.support.shop",
    "tests.support.transfer",
    "tests.support.two_at_work",
)


@pytest.hookimpl(tryfirst=True)  # before xdist reads them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long to start is started in one worker only."""
    for item in items:
        for name in ("east_server", "browser"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
                break


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
