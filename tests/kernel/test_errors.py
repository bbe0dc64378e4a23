import pytest

from apps.kernel.errors import Conflict, Invalid, Refusal, SeveralRefusals, together


class ShelfRefusal(Refusal):
    pass


class ShelfIsFull(ShelfRefusal, Conflict):
    message = "The shelf {shelf} is full."


class BookIsHeavy(ShelfRefusal, Invalid):
    message = "The book weighs {weight} kg."


def full(shelf):
    raise ShelfIsFull(shelf=shelf)


def heavy(weight):
    raise BookIsHeavy(weight=weight)


def test_a_refusal_has_a_code_with_message_context_cause():
    with pytest.raises(ShelfIsFull) as caught:
        try:
            {}["shelf"]
        except KeyError as error:
            raise ShelfIsFull(shelf=7) from error

    refusal = caught.value
    assert refusal.code == "kernel.shelf_is_full"
    assert str(refusal) == "The shelf 7 is full."
    assert refusal.context == {"shelf": 7}
    assert isinstance(refusal.cause, KeyError)
    assert refusal.status == 409


def test_all_broken_rules_are_reported_together():
    with pytest.raises(SeveralRefusals) as caught, together() as checks:
        checks.check(full, 7)
        checks.check(heavy, 9)

    assert [refusal.code for refusal in caught.value.refusals] == [
        "kernel.shelf_is_full",
        "kernel.book_is_heavy",
    ]
    assert "The shelf 7 is full. The book weighs 9 kg." in str(caught.value)
    assert caught.value.status == 422


def test_a_single_broken_rule_is_raised_as_itself():
    with pytest.raises(ShelfIsFull), together() as checks:
        checks.check(full, 7)
        assert checks.check(len, "abc") == 3


def test_a_missing_context_value_is_shown_by_its_name():
    assert str(ShelfIsFull()) == "The shelf (shelf) is full."
