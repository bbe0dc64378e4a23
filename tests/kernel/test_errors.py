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


def test_a_refusal_has_a_code_a_sentence_its_context_and_its_cause():
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


def test_all_broken_rules_are_said_together():
    with pytest.raises(SeveralRefusals) as caught, together() as asked:
        asked.check(full, 7)
        asked.check(heavy, 9)

    assert [refusal.code for refusal in caught.value.refusals] == [
        "kernel.shelf_is_full",
        "kernel.book_is_heavy",
    ]
    assert "The shelf 7 is full. The book weighs 9 kg." in str(caught.value)
    assert caught.value.status == 422


def test_one_broken_rule_is_said_alone():
    with pytest.raises(ShelfIsFull), together() as asked:
        asked.check(full, 7)
        assert asked.check(len, "abc") == 3


def test_a_refusal_whose_context_lacks_a_word_still_reads():
    assert str(ShelfIsFull()) == "The shelf (shelf) is full."
