"""Values that are held in memory for a moment."""

import pytest
from django.db import transaction

from apps.kernel.cache import moments, stamps
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.cache.moments import Moments
from tests.support.processes import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture
def name(db):
    name = tenant_cache_key("tests-moments:stamp")
    stamps.STAMPS.of(name)
    eventually(lambda: stamps.STAMPS.is_listening or None)
    stamps.STAMPS.of(name)
    return name


def test_a_value_is_held_until_its_stamp_changes(name):
    held, values = Moments(), iter("ab")

    assert [held.get(1, (name,), lambda: next(values)) for _ in range(3)] == ["a"] * 3
    stamps.STAMPS.bump(name)
    assert held.get(1, (name,), lambda: next(values)) == "b"


def test_a_transaction_that_changes_the_area_loads_its_own_value(name):
    held = Moments()
    held.get(1, (name,), lambda: "before")

    with transaction.atomic():
        transaction.on_commit(stamps.Bump(name))
        assert held.get(1, (name,), lambda: "inside") == "inside"
        transaction.set_rollback(True)

    assert held.get(1, (name,), lambda: "again") == "before"


def test_without_stamps_a_value_is_held_for_a_second(name, monkeypatch):
    monkeypatch.setattr(stamps.Stamps, "known", lambda self, name: None)
    monkeypatch.setattr(stamps.Stamps, "is_listening", False)
    held, clock = Moments(), [100.0]
    monkeypatch.setattr(moments.time, "monotonic", lambda: clock[0])

    assert [held.get(1, (name,), lambda: "a"), held.get(1, (name,), lambda: "b")] == ["a", "a"]
    clock[0] += moments.HELD_S
    assert held.get(1, (name,), lambda: "b") == "b"


def test_the_oldest_value_goes_first(name):
    held = Moments(size=2)
    for key in (1, 2, 3):
        held.get(key, (name,), lambda key=key: key)

    assert [held.get(key, (name,), lambda: "new") for key in (2, 3)] == [2, 3]
    assert held.get(1, (name,), lambda: "new") == "new"
