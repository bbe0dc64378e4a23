"""Erasure of a person from the audit log; the chain stays valid."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections

from apps.audit.commands import ErasePerson
from apps.audit.erasure_plan import erasure_plan
from apps.audit.errors import PersonNotInAuditLog, PersonTooVague
from apps.audit.models import Record
from apps.audit.verification import verify
from apps.bus import dispatch, dry_run
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from tests.support.approvals import dispatch_approved
from tests.support.erasing import erase_by_sql
from tests.support.people import new_user
from tests.support.sqlstate import APPROVAL, refused

EMAIL = "berta@acme.example"


@pytest.fixture
def berta(at_acme, owner):
    return new_user(EMAIL, "Berta Bauer", "owner", actor=owner)


@pytest.fixture
def audit_log(berta, seal_all):
    dispatch(FoundCompany(code="BER", name="Berta Bauer Ltd", currency="EUR"), actor=berta)
    seal_all()


def erase(owner, **fields):
    return dispatch_approved(ErasePerson(reason="She asked for it.", **fields), owner)


def everything(*, but=()):
    rows = Record.objects.exclude(command__in=but)
    return " ".join(
        f"{r.actor_name} {r.sentence} {r.arguments} {r.reason} {r.request} {r.changes} {r.refusals}"
        for r in rows
    )


def test_name_and_address_are_gone_and_the_chain_is_whole(audit_log, berta, owner, seal_all):
    erase(owner, user_id=berta.pk, texts=(EMAIL, "Berta Bauer"))
    seal_all()

    assert EMAIL not in everything()
    assert "Berta" not in everything(but=["companies.found_company"])
    assert verify().intact


def test_command_subject_and_outcome_are_not_erased(audit_log, berta, owner):
    erase(owner, user_id=berta.pk)

    row = Record.objects.get(command="companies.found_company", actor_id=berta.pk)
    assert (row.sentence, row.actor_name, row.title) == ("(erased)", "(erased)", "Found company")
    assert (row.subject_type, row.outcome) == ("companies.company", "done")
    assert row.is_erased


def test_the_content_of_financial_records_is_retained_for_the_legal_period(audit_log, berta, owner):
    plan = erasure_plan(berta.pk, ["Berta Bauer"])
    erase(owner, user_id=berta.pk, texts=("Berta Bauer",))

    assert plan.retained == 1
    assert plan.retained_until.year - 10 == Record.objects.latest("id").at.year
    row = Record.objects.get(command="companies.found_company", actor_id=berta.pk)
    assert row.request["name"] == "Berta Bauer Ltd"
    assert "Berta" not in row.sentence + row.arguments
    assert row.shown_sentence == "Found company (actor and reason erased)"


def test_the_record_of_an_erasure_does_not_name_the_person(audit_log, berta, owner):
    erase(owner, user_id=berta.pk, texts=(EMAIL,))

    row = Record.objects.get(command="audit.erase_person")
    assert row.sentence.startswith(f"{owner} (approved by Cora Colleague) erased a person from ")
    assert row.reason == "She asked for it."
    assert EMAIL not in str(row.request) + str(row.changes)
    changed = [(change["object"], change["field"]) for change in row.changes]
    assert changed[:2] == [("audit.record", "actor"), ("audit.record", "content")]
    assert ("identity_historicaluser", "email") in changed


def test_an_erasure_without_an_approval_is_refused_by_the_database(audit_log, berta):
    """The runtime may call the SQL function, which only an approved request lets pass."""
    assert refused("SELECT audit_erase(1)") == APPROVAL
    assert verify().intact


def test_a_second_erasure_is_refused(audit_log, berta, owner, seal_all):
    erase(owner, user_id=berta.pk, texts=(EMAIL,))

    with pytest.raises(PersonNotInAuditLog):
        erase(owner, user_id=berta.pk, texts=(EMAIL,))
    seal_all()
    assert verify().intact


def test_a_dry_run_erases_nothing(audit_log, berta, owner):
    assert dry_run(ErasePerson(user_id=berta.pk, reason="Try"), actor=owner) == ()

    assert "Berta Bauer founded" in everything()


@pytest.mark.parametrize("texts", [(), ("Al",), ("   ",)])
def test_a_vague_description_of_a_person_is_refused(audit_log, owner, texts):
    with pytest.raises(PersonTooVague):
        erase(owner, texts=texts)


def test_pattern_characters_in_a_text_match_literally(audit_log, owner):
    with pytest.raises(PersonNotInAuditLog):
        erase(owner, texts=("B%rta_Bau%",))


@pytest.mark.parametrize(
    "change",
    [
        "sentence = '(erased)'",
        "actor_salt = NULL",
        "actor_salt = NULL, actor_name = '(erased)', impersonator_name = '', sentence = '(erased)', template = '',"
        " arguments = '{\"actor\": \"Other\"}', reason = ''",
        "content_salt = NULL, request = '{\"a\": 1}', changes = '[]', refusals = '[]'",
        "outcome = 'refused'",
        "content_commitment = actor_commitment",
    ],
)
def test_the_owner_of_the_tables_can_only_erase(audit_log, berta, change):
    with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE audit_record SET {change} WHERE actor_id = %s", [berta.pk])


def test_the_record_of_an_erasure_is_not_erased(audit_log, berta, owner):
    erase(owner, user_id=berta.pk)
    row = Record.objects.get(command="audit.erase_person")

    assert row.pk not in erasure_plan(owner.pk, []).actor
    with pytest.raises(DatabaseError, match="never changed"):
        erase_by_sql(actor=str(row.pk))


def test_the_database_retains_the_content_of_financial_records(audit_log, berta):
    """The runtime may call the SQL function for any record."""
    row = Record.objects.get(command="companies.found_company", actor_id=berta.pk)
    with pytest.raises(DatabaseError, match="never changed"):
        erase_by_sql(content=str(row.pk))
    erase_by_sql(versions=[{"table": "companies_historicalcompany", "field": "name", "ids": "1-99"}])

    assert "Berta Bauer Ltd" in Company.history.values_list("name", flat=True)
