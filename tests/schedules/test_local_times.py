"""Local times as instants, at both changes of the clocks."""

from __future__ import annotations

import pytest

from apps.schedules.errors import LocalTimeMalformed, TimeZoneUnknown
from apps.schedules.local_times import instant_of


@pytest.mark.parametrize(
    ("local_time", "time_zone", "instant"),
    [
        pytest.param("2027-01-15T08:30", "Europe/Berlin", "2027-01-15T07:30", id="winter"),
        pytest.param("2027-07-15T08:30", "Europe/Berlin", "2027-07-15T06:30", id="summer"),
        pytest.param("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30", id="gap moves to 03:30"),
        pytest.param("2027-03-28T03:30", "Europe/Berlin", "2027-03-28T01:30", id="after the gap"),
        pytest.param("2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30", id="first of two"),
        pytest.param("2027-10-31T03:00", "Europe/Berlin", "2027-10-31T02:00", id="after the second"),
        pytest.param("2027-10-03T02:15", "Australia/Lord_Howe", "2027-10-02T15:45", id="gap of half an hour"),
        pytest.param("2027-03-14T02:00:30", "America/New_York", "2027-03-14T07:00:30", id="start of a gap"),
    ],
)
def test_a_local_time_is_one_instant(local_time, time_zone, instant):
    assert instant_of(local_time, time_zone).isoformat().startswith(instant)


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "Europe", "../etc/passwd", "/etc/passwd", "UTC\0", "x" * 300]
)
def test_an_unknown_time_zone_is_refused(name):
    with pytest.raises(TimeZoneUnknown):
        instant_of("2027-01-15T08:30", name)


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2027-02-30T08:30", "2027-01-15", "2027-01-15T08:30Z", "2027-01-15T08:30+02:00"),
        *("0001-01-01T00:00", "٢٠٢٧-01-15T08:30"),
    ],
)
def test_a_text_that_is_no_local_time_is_refused(text):
    with pytest.raises(LocalTimeMalformed):
        instant_of(text, "Asia/Tokyo")
