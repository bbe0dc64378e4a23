import datetime as dt

import pytest

from apps.kernel import clock

NEW_YEAR = dt.datetime(2027, 1, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def test_tests_move_it():
    with clock.moved_to(NEW_YEAR):
        assert clock.now() == NEW_YEAR
        assert clock.today() == dt.date(2026, 12, 31)

    assert clock.now() != NEW_YEAR


def test_it_is_moved_to_aware_instants_only():
    with pytest.raises(ValueError, match="aware"), clock.moved_to(dt.datetime(2027, 1, 1)):  # noqa: DTZ001
        pass
