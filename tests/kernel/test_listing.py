"""Lists of names in a sentence."""

import pytest

from apps.kernel.listing import listed


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")]
)
def test_the_first_names_are_listed_with_the_number_of_the_others(names, text):
    assert listed(names, 2) == text
