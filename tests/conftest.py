"""Loads the suite's plugins, each once: a module that imported one would have servers of its own."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from _pytest.nodeid import coerce_node_id

gc.disable()  # while all is imported and collected, nothing is garbage: to find that out took as long as the rest
hypothesis.settings.register_profile("suite", deadline=None)  # no test is timed: a busy machine takes longer
hypothesis.settings.load_profile("suite")
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
    "tests.support.aging",
    "tests.support.approvals",
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


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """What takes long to start is started in one worker only: its tests are one group."""
    for item in items:
        for name in ("east_server", "browser", "forms"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
                break
    yield
    if getattr(config.option, "loadgroup", False):
        for item in items:
            _name_group(item)


def _name_group(item: pytest.Item) -> None:
    """pytest-xdist 3.8 writes the group behind the id, in an attribute that pytest 9.2 does not read."""
    groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
    if groups and "@" not in item.nodeid.rpartition("]")[2]:
        item._id = coerce_node_id(f"{item.nodeid}@{'_'.join(groups)}")


def pytest_collection_finish() -> None:
    """Everything imported stays. The default thresholds cost a tenth of the run: a page allocates tens of thousands of
    objects, and few of them are garbage in a cycle."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()
