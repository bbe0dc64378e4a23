"""Messages of refusals are marked for translation, with named placeholders."""

from __future__ import annotations

import string

import pytest
from django.utils import translation
from django.utils.functional import Promise

from apps.kernel.errors import Refusal
from apps.ledger.errors import EntryNotFound

from .collected_names import import_all, is_of_an_app


@pytest.fixture(scope="module")
def refusals() -> list[type[Refusal]]:
    import_all("apps")
    translated, remaining = [], [Refusal]
    while remaining:
        refusal = remaining.pop()
        remaining += refusal.__subclasses__()
        if is_of_an_app(refusal) and "message" in vars(refusal):
            translated.append(refusal)
    return translated


def test_the_message_of_every_refusal_is_translated_when_raised(refusals):
    assert len(refusals) > 200
    assert [refusal for refusal in refusals if not isinstance(refusal.message, Promise)] == []


def test_placeholders_of_messages_have_names(refusals):
    fields = {
        field
        for refusal in refusals
        for _, field, _, _ in string.Formatter().parse(str(refusal.message))
        if field is not None
    }

    assert not [field for field in fields if not field or field[0].isdigit()]


def test_a_message_is_translated_before_its_placeholders_are_filled(monkeypatch):
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"» {message}", raising=False)

    assert str(EntryNotFound(entry_id=7)).startswith("» ")
    assert "7" in str(EntryNotFound(entry_id=7))
