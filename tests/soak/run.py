"""One run, where the servers are up: business, blows, settling, and the verdict."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections

from apps.kernel.tenant import TenantInfo
from config.up.terminal import say

from . import town, verdict
from .chaos import Chaos
from .clerks import Diary, Staff
from .house import House

SETTLES_WITHIN = 120.0
"""Seconds, on a machine that may be busy."""


def run(house: House, seed: int, seconds: float) -> Sequence[str]:
    """Returns all that was found to be wrong."""
    logging.getLogger("apps.kernel.pubsub").setLevel(logging.ERROR)  # of this process, to which nobody calls
    with _said("schemas, tenants and shops"):
        call_command("migrate_schemas", verbosity=0)
        tenants = town.found()
    chaos, staff = Chaos(house, random.Random(f"{seed}/chaos")), Staff(house.address, [*town.SLUGS], seed)
    house.plan()
    try:
        with _said("the house is open"):
            house.open()
        staff.begin()
        with _said("chaos"):
            chaos.run(seconds)
        with _said("settling"):
            left = _settle(house, staff, tenants)
    finally:
        house.close()
    _tell(staff.diary)
    return [
        *left,
        *house.fallen,
        *verdict.faults(tenants, staff.diary),
        *verdict.broken_audit_logs(tenants),
    ]


def _settle(house: House, staff: Staff, tenants: Sequence[TenantInfo]) -> Sequence[str]:
    """Everything runs, everybody has his last answer, and what is under way ends. Returns what does not."""
    deadline = time.monotonic() + SETTLES_WITHIN
    while not house.is_whole() and time.monotonic() < deadline:
        house.tend()
        time.sleep(0.1)
    staff.go_home(deadline - time.monotonic())
    connections.close_all()  # of before the first blow
    before: Sequence[str] = []
    while (left := verdict.unsettled(tenants)) and time.monotonic() < deadline:
        before = left
        house.tend()
        time.sleep(0.5)
    for each in before[:3]:
        say(f"among the last: {each}", "soak")
    return left


def _tell(diary: Diary) -> None:
    kinds = Counter(deed.kind for deed in diary.deeds if deed.acknowledged)
    again = [deed for deed in diary.deeds if deed.tries > 1]
    replayed = sum(1 for deed in again if deed.answer and deed.answer.replayed)
    done = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))
    say(f"acknowledged: {done}", "soak")
    say(f"asked again: {len(again)}, of which {replayed} had been done before", "soak")
    losses = ", ".join(f"{count} × {why}" for why, count in diary.losses.most_common(6))
    say(f"no answer: {losses}; the longest wait was {diary.longest:.1f} s", "soak")


@contextmanager
def _said(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s", "soak")
