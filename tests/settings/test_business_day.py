"""The business day is the day where the tenant is."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.kernel.clock import moved_to
from apps.kernel.tenant import activate
from apps.settings.business_day import business_day
from apps.settings.commands import ChangeSetting
from apps.settings.errors import SettingInvalid

NEW_YEAR_IN_SYDNEY = dt.datetime(2026, 12, 31, 22, 30, tzinfo=dt.UTC)


def locate(zone, actor):
    dispatch(ChangeSetting(key="companies.time_zone", value=zone), actor=actor)


def test_the_business_day_is_the_day_in_the_time_zone_of_the_tenant(acme, globex, controller):
    days = {
        "Australia/Sydney": "2027-01-01",
        "Pacific/Kiritimati": "2027-01-01",
        "Europe/Berlin": "2026-12-31",
        "America/New_York": "2026-12-31",
        "UTC": "2026-12-31",
    }
    with activate(acme), moved_to(NEW_YEAR_IN_SYDNEY):
        for zone, day in days.items():
            locate(zone, controller)
            assert (zone, business_day().isoformat()) == (zone, day)
        assert business_day(NEW_YEAR_IN_SYDNEY - dt.timedelta(days=1)).isoformat() == "2026-12-30"
        locate("Australia/Sydney", controller)
    with activate(globex), moved_to(NEW_YEAR_IN_SYDNEY):
        assert business_day().isoformat() == "2026-12-31"


def test_a_time_zone_that_does_not_exist_is_refused(at_acme, controller):
    for name in (
        "",
        "Europe/Atlantis",
        "localtime",
        "Factory",
        "../etc/passwd",
        "+02:00",
        "europe/berlin",
        2,
    ):
        with pytest.raises(SettingInvalid):
            locate(name, controller)
