import datetime as dt

import pytest

from apps.kernel import clock

NEW_YEAR = dt.datetime(2027, 1, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def test_the_clock_is_moved_by_a_test():
    with clock.moved_to(NEW_YEAR):
        assert clock.now() == NEW_YEAR
        assert clock.today() == dt.date(2026, 12, 31)

    assert clock.now() != NEW_YEAR


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="aware"), clock.moved_to(dt.datetime(2027, 1, 1)):  # noqa: DTZ001
        pass
