"""The reason of a command."""

import pytest

from apps.kernel.reasons import ReasonRequired, reason_must_be_given


def test_a_reason_is_returned_without_surrounding_blanks():
    assert reason_must_be_given(" a wrong price\n", ReasonRequired) == "a wrong price"


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
def test_a_blank_reason_is_refused(reason):
    with pytest.raises(ReasonRequired):
        reason_must_be_given(reason, ReasonRequired)
