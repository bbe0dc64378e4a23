"""Selection of tests: `make test` is the sample, `make test-all` the rest, plain pytest all tests of its arguments.

`@pytest.mark.exhaustive("why")` marks a matrix or a long run. `make test` has the sample of it that the other arguments
describe, and `make test-all` the rest:

    by="command"    of a parametrised test, one case for each value of that parameter (or tuple of parameters)
    over="theme"    of a parametrised test, one value of that parameter for each case of the others
    one_in=3        of all tests of the module with this mark, a third
    inside=True     the test runs in both, and takes its points from the fixture `sample`

The seed that chooses is printed, and the same within a calendar week, so that a failure can be repeated:
`pytest --tier sample --sample-seed 2026-W48`.

`@pytest.mark.slow("why")` is the reason of a test that takes more than five seconds. Tests without one are listed at
the end.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
SLOW_S = 5.0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tiers")
    group.addoption(
        "--tier",
        choices=("all", "sample", "rest"),
        default="all",
        help="sample: what `make test` runs; rest: what that leaves out; all: both.",
    )
    group.addoption("--sample-seed", help="What chooses the sample; by default the calendar week.")


@pytest.hookimpl(tryfirst=True)  # before xdist hands the options to its workers
def pytest_configure(config: pytest.Config) -> None:
    year, week, _ = dt.datetime.now(dt.UTC).isocalendar()
    config.option.sample_seed = config.option.sample_seed or f"{year}-W{week:02}"
    config.addinivalue_line(
        "markers",
        "exhaustive(why, by=None, over=None, one_in=None, inside=False): see tests/support/tiers.py",
    )
    config.addinivalue_line("markers", "slow(why): takes more than five seconds, for this reason")
    config.addinivalue_line("markers", "physical_copy: the test changes its database's catalogue or grants")


@pytest.hookimpl(optionalhook=True)  # tests of this plugin run it without xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two for each core, where most tests wait for processes of their own."""
    return 2 * len(os.sched_getaffinity(0)) if config.option.tier == "rest" else None


def pytest_report_header(config: pytest.Config) -> str:
    return f"tier: {config.option.tier}, sample seed: {config.option.sample_seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _refuse_marks_without_a_reason(items)
    tier = config.option.tier
    if tier == "all":
        return
    sampled = _sampled(items, config.option.sample_seed)
    wanted = [item for item in items if _runs_in(tier, item, item in sampled)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
    items[:] = wanted


class Sample:
    """The points of an exhaustive test that it tries in this tier."""

    def __init__(self, tier: str, seed: str, test: str) -> None:
        self._tier, self._seed, self._test = tier, seed, test

    @property
    def is_small(self) -> bool:
        """This is the tier of `make test`."""
        return self._tier == "sample"

    def of(self, points: Iterable[T], size: int, *, by: Callable[[T], Hashable] = lambda _: None) -> list[T]:
        """All points, or `size` of each stratum that `by` makes, or the others, in their order. The points must have a
        `repr` that does not change from run to run. Skips the test if none is left for this tier."""
        points = list(points)
        if self._tier == "all":
            return points
        chosen: dict[Hashable, list[int]] = {}
        for index in sorted(
            range(len(points)), key=lambda i: _draw(self._seed, self._test, repr(points[i]), i)
        ):
            stratum = chosen.setdefault(by(points[index]), [])
            if len(stratum) < size:
                stratum.append(index)
        drawn = {index for stratum in chosen.values() for index in stratum}
        left = [point for i, point in enumerate(points) if (i in drawn) == self.is_small]
        if not left:
            pytest.skip("the sample has tried every point")
        return left

    def stride(self, max_stride: int) -> Callable[[], int]:
        """The distance to the next point: in the sample a random number from 1 to `max_stride`, else 1."""
        if not self.is_small:
            return lambda: 1
        draw = random.Random(f"{self._seed} {self._test}")
        return lambda: draw.randint(1, max_stride)

    def at_least(self, bound: int, max_stride: int) -> int:
        """The minimum number of points tried: `bound`, or with strides the certain part of it."""
        return bound // (2 * max_stride) if self.is_small else bound


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> Sample:
    option = request.config.option
    return Sample(option.tier, option.sample_seed, request.node.nodeid)


def _runs_in(tier: str, item: pytest.Item, is_sampled: bool) -> bool:
    mark = item.get_closest_marker("exhaustive")
    if mark is not None and mark.kwargs.get("inside"):
        return True
    return (mark is None or is_sampled) == (tier == "sample")


def _sampled(items: Sequence[pytest.Item], seed: str) -> set[pytest.Item]:
    """Of each stratum the case that is drawn first, or its share."""
    strata: dict[tuple[str, ...], list[pytest.Item]] = {}
    shares: dict[tuple[str, ...], int] = {}
    for item in items:
        mark = item.get_closest_marker("exhaustive")
        if mark is not None and (mark.kwargs.keys() & {"by", "over", "one_in"}):
            stratum = _stratum(item, **mark.kwargs)
            strata.setdefault(stratum, []).append(item)
            shares[stratum] = mark.kwargs.get("one_in", len(items))
    sampled = set()
    for stratum, cases in strata.items():
        cases.sort(key=lambda item: _draw(seed, item.nodeid))
        sampled.update(cases[:: shares[stratum]])
    return sampled


def _stratum(item: Any, by: str | tuple[str, ...] = (), over: str = "", one_in: int = 0) -> tuple[str, ...]:
    """The test, with the parameters that have one case each in the sample; or its module."""
    if one_in:
        return (item.nodeid.partition("::")[0],)
    params = item.callspec.params if hasattr(item, "callspec") else {}
    names = params.keys() - {over} if over else {by} if isinstance(by, str) else set(by)
    if not names | ({over} if over else set()) <= params.keys():
        raise pytest.UsageError(
            f"{item.nodeid} is marked exhaustive {by or over}, which is no parameter of it"
        )
    return (item.nodeid.partition("[")[0], *(_text(params[name]) for name in sorted(names)))


def _text(value: object) -> str:
    """Equal in every process."""
    return getattr(value, "__qualname__", None) or str(value)


def _draw(*parts: object) -> bytes:
    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()


def _refuse_marks_without_a_reason(items: Iterable[pytest.Item]) -> None:
    for item in items:
        for name in ("exhaustive", "slow"):
            mark = item.get_closest_marker(name)
            if mark is not None and not (
                mark.args and isinstance(mark.args[0], str) and mark.args[0].strip()
            ):
                raise pytest.UsageError(f"{item.nodeid}: the mark {name} names its reason")


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.when == "call" and call.duration > SLOW_S:
        reasoned = item.get_closest_marker("slow") or item.get_closest_marker("exhaustive")
        if reasoned is None:
            item.user_properties.append(("slow without a reason", f"{call.duration:.1f} s"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    slow = [
        (report.nodeid, seconds)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, seconds in report.user_properties
        if name == "slow without a reason"
    ]
    if slow:
        terminalreporter.section("more than five seconds, and no mark says why")
        for nodeid, seconds in slow:
            terminalreporter.write_line(f"{seconds}  {nodeid}")
