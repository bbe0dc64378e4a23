"""The minute of a rate limit."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from apps.kernel.cache.throttling import Used, use
from apps.kernel.clock import moved_to

START = dt.datetime(2031, 3, 4, 12, 0, 58, tzinfo=dt.UTC)
"""Two seconds before a minute of the clock ends."""


def used_after(name: str, seconds: float) -> Used:
    with moved_to(START + dt.timedelta(seconds=seconds)):
        return use(name)


def test_a_minute_begins_with_the_first_use():
    assert [used_after("forward", s) for s in (0, 13.5, 59.9, 60, 61)] == [
        Used(1, 60),
        Used(2, 47),
        Used(3, 1),
        Used(1, 60),
        Used(2, 59),
    ]


def test_a_clock_that_was_set_back_begins_a_minute():
    assert [used_after("back", s) for s in (0, -3600, -3599)] == [Used(1, 60), Used(1, 60), Used(2, 59)]


def test_parallel_uses_are_counted_once_each():
    with ThreadPoolExecutor(8) as pool:
        counts = [used.count for used in pool.map(lambda _: use("parallel"), range(40))]

    assert sorted(counts) == list(range(1, 41))
