"""Every command leaves an immutable audit record."""

from time import perf_counter

import pytest
from django.db import DatabaseError, connections

from apps.audit import access_log
from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.identity.commands import SetPassword
from apps.kernel.correlation import correlated
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting
from apps.tenancy.models import Tenant
from tests.support.people import new_user
from tests.support.sqlstate import NO_RIGHT, refused

DUPLICATE = FoundCompany(code="MAIN", name="Again", currency="EUR")


def last():
    return Record.objects.order_by("-id").first()


def test_the_record_of_a_success_has_actor_command_and_subject(at_acme, owner):
    with correlated("request-77"):
        company = dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)

    row = last()
    assert row.sentence == f"{owner} founded the company Acme Plant."
    assert (row.outcome, row.command) == ("done", "companies.found_company")
    assert (row.actor_id, row.actor_name) == (owner.pk, str(owner))
    assert (row.subject_type, row.subject_id) == ("companies.company", str(company.pk))
    assert row.request["code"] == "PLANT"
    assert row.correlation_id == "request-77"


def test_the_record_of_a_command_has_its_duration_and_that_of_read_access_has_none(at_acme, owner):
    began = perf_counter()
    dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)
    elapsed_us = (perf_counter() - began) * 1_000_000
    assert 0 < last().duration_us < elapsed_us

    access_log.record_read(owner, {})
    assert last().duration_us is None


def test_the_record_of_a_refusal_has_its_reasons(at_acme, owner):
    with pytest.raises(CompanyCodeTaken):
        dispatch(DUPLICATE, actor=owner)

    row = last()
    assert row.outcome == "refused"
    assert row.refusals == [
        {"code": "companies.company_code_taken", "detail": "There is already a company MAIN."}
    ]
    assert "asked to found company and was refused" in row.sentence


def test_a_change_has_the_field_before_and_after(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    dispatch(ChangeSetting(key="periods.reason_length", value=15), actor=owner)

    changes = last().changes
    assert [(change["field"], change["before"], change["after"]) for change in changes] == [("value", 12, 15)]
    assert changes[0]["object"].startswith("settings.setting:")


def test_secrets_are_not_recorded(at_acme, owner):
    user = new_user("new@acme.example", "New", "auditor", actor=owner)
    dispatch(SetPassword(user_id=user.pk, password="purple monkey dishwasher"), actor=owner)

    row = last()
    assert "monkey" not in str(row.request) + str(row.changes) + row.sentence
    assert all(len(str(change["after"])) < 20 for change in row.changes if change["field"] == "password")


def test_the_audit_log_is_the_tenants_own(acme, globex, owner):
    with activate(acme):
        dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)
    with activate(globex):
        assert not Record.objects.filter(sentence__contains="Acme Plant").exists()
    assert not Record.objects.filter(sentence__contains="Acme Plant").exists()


def test_the_platform_has_an_audit_log_of_its_own(db):
    assert Record.objects.filter(command="operations.onboard_tenant").count() == 2
    assert Record.objects.filter(sentence__contains=Tenant.objects.first().name).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET sentence = 'nothing happened'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "ALTER TABLE audit_record DISABLE TRIGGER ALL",
        "DROP TABLE audit_record",
    ],
)
def test_the_runtime_cannot_change_a_row(at_acme, statement):
    assert refused(statement) == NO_RIGHT


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET sentence = 'nothing happened'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
    ],
)
def test_the_owner_of_the_tables_cannot_change_a_row(at_acme, statement):
    with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)


def test_a_version_of_master_data_has_actor_and_correlation_id(at_acme, owner):
    with correlated("request-78"):
        company = dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=owner)

    version = company.history.get()
    assert (version.history_user_id, version.actor_name) == (owner.pk, str(owner))
    assert version.correlation_id == "request-78"
    assert refused("UPDATE companies_historicalcompany SET name = 'x'") == NO_RIGHT
