"""Strategies for the placement of new tenants, and their configuration."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.tenancy.placement import allocation
from apps.tenancy.placement.allocation import Candidate, PlacementRequest
from apps.tenancy.placement.resolver import strategy_named

THREE = [Candidate("home"), Candidate("east", "eu"), Candidate("west", "us")]


def test_single_takes_the_first_candidate():
    assert allocation.single(PlacementRequest(7), THREE) == "home"
    assert allocation.single(PlacementRequest(7), THREE[1:]) == "east"
    assert allocation.single(PlacementRequest(7), []) is None


def test_hash_is_even_and_deterministic():
    counts = Counter(allocation.hashed(PlacementRequest(number), THREE) for number in range(3000))

    assert all(900 < count < 1100 for count in counts.values())
    assert allocation.hashed(PlacementRequest(1), THREE) == allocation.hashed(
        PlacementRequest(1), THREE[::-1]
    )


def test_an_additional_database_moves_only_its_share():
    four = [*THREE, Candidate("north")]
    changed = [
        n
        for n in range(3000)
        if allocation.hashed(PlacementRequest(n), THREE) != allocation.hashed(PlacementRequest(n), four)
    ]

    assert 0.2 < len(changed) / 3000 < 0.3
    assert {allocation.hashed(PlacementRequest(n), four) for n in changed} == {"north"}


def test_region_matches_the_region_of_the_tenant():
    assert allocation.regional(PlacementRequest(7, "eu"), THREE) == "east"
    assert allocation.regional(PlacementRequest(7), THREE) == "home"
    assert allocation.regional(PlacementRequest(7, "mars"), THREE) is None


@pytest.mark.parametrize(("number", "key"), [(1, "home"), (9999, "home"), (10_000, "east"), (99_999, "east")])
def test_range_uses_the_id(number, key):
    assert allocation.ranged({1: "home", 10_000: "east"})(PlacementRequest(number), THREE) == key


def test_a_full_range_has_no_alternative():
    assert allocation.ranged({1: "home", 10_000: "east"})(PlacementRequest(10_001), THREE[:1]) is None
    assert allocation.ranged({10: "home"})(PlacementRequest(1), THREE) is None


def test_ranges_are_read_from_the_environment(settings):
    settings.TENANT_DATABASE_RANGES = ("1=home", "500=east")

    assert strategy_named("range")(PlacementRequest(500), THREE) == "east"

    settings.TENANT_DATABASE_RANGES = ("many=home",)
    with pytest.raises(ImproperlyConfigured):
        strategy_named("range")


def test_a_custom_strategy_is_set_by_its_dotted_path():
    assert strategy_named("apps.tenancy.placement.allocation.hashed") is allocation.hashed
    with pytest.raises(ImproperlyConfigured, match="astrology"):
        strategy_named("astrology")
