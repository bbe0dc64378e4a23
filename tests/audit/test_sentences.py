"""Sentences of the audit log are shown in the reader's language, and sealed in English."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from apps.audit.commands import ErasePerson
from apps.audit.models import Record
from apps.audit.sentences import placeholders
from apps.audit.verification import verify
from apps.bus import dispatch
from apps.bus.registry import commands
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.kernel.errors import Refusal, refusal_coded
from tests.support.approvals import dispatch_approved

FOUND = FoundCompany(code="MAIN", name="Again", currency="EUR")
RESERVED = {"actor", "filters", "refusals", "error"}
QUOTED = 'Ber"ta\\Bauer'
GERMAN = {
    "{actor} {action}.": "{actor} hat {action}.",
    "founded the company {result}": "die Firma {result} gegründet",
    "{actor} asked to {command} and was refused: {reason}": "{actor} wollte {command}: {reason}",
    "There is already a company {code}.": "Die Firma {code} gibt es schon.",
}


@pytest.fixture
def german(monkeypatch):
    """Messages as a translation would give them, without a file. No language is active afterwards: to restore one is to
    load it, and the German messages would be loaded for it."""

    def activating():
        catalogue = type("German", (), {"gettext": staticmethod(lambda text: GERMAN.get(text, text))})
        monkeypatch.setattr(trans_real, "translation", lambda language: catalogue)
        return translation.override("de", deactivate=True)

    return activating


def last():
    return Record.objects.without_readings().order_by("-id").first()


def test_a_sentence_is_stored_as_a_template_and_arguments(at_acme, owner):
    dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)

    assert (last().template, last().sentence_arguments) == (
        "companies.found_company",
        {"actor": str(owner), "result": "Acme Plant"},
    )


def test_a_sentence_is_shown_in_the_readers_language(at_acme, owner, german):
    dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)

    with german():
        assert last().shown_sentence == f"{owner} hat die Firma Acme Plant gegründet."
    assert last().sentence == f"{owner} founded the company Acme Plant."


def test_the_reason_of_a_refusal_is_shown_in_the_readers_language(at_acme, owner, german):
    with pytest.raises(CompanyCodeTaken):
        dispatch(FOUND, actor=owner)

    with german():
        assert last().shown_sentence == f"{owner} wollte found company: Die Firma MAIN gibt es schon."


def test_a_sentence_written_under_another_language_is_sealed_in_english(at_acme, owner, german, seal_all):
    with german(), pytest.raises(CompanyCodeTaken):
        dispatch(FOUND, actor=owner)
    seal_all()

    assert (
        last().sentence == f"{owner} asked to found company and was refused: There is already a company MAIN."
    )
    assert last().refusals[0]["detail"] == "There is already a company MAIN."
    assert verify().intact


@pytest.mark.parametrize("changed", ["built {result}", "founded the company {result} in {country}"])
def test_a_template_that_changed_since_leaves_the_sealed_sentence(
    at_acme, owner, german, monkeypatch, changed
):
    dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)
    monkeypatch.setattr(FoundCompany, "audit_message", changed)

    with german():
        assert last().shown_sentence == f"{owner} founded the company Acme Plant."


def test_an_unknown_template_leaves_the_sealed_sentence(db):
    assert Record(
        outcome="done", sentence="As it was.", template="gone.away", actor_salt=b"1"
    ).shown_sentence == ("As it was.")


def test_an_erasure_reaches_arguments_with_quotes(at_acme, owner, seal_all):
    dispatch(FoundCompany(code="BER", name=QUOTED, currency="EUR"), actor=owner)
    seal_all()
    dispatch_approved(ErasePerson(texts=(QUOTED,), reason="They asked for it."), owner)
    seal_all()

    record = Record.objects.filter(command="companies.found_company").latest("id")
    assert (record.sentence, record.template, record.arguments) == ("(erased)", "", "{}")
    assert verify().intact


def test_every_command_has_the_placeholders_of_its_sentence():
    for command in commands():
        for name in placeholders(command.audit_message):
            assert name not in RESERVED, command
            first = name.partition(".")[0]
            assert first == "result" or first in command.__dataclass_fields__ or hasattr(command, first), (
                command
            )


def test_every_refusal_is_found_by_its_code():
    assert refusal_coded("companies.company_code_taken") is CompanyCodeTaken
    assert refusal_coded(Refusal().code) is Refusal
