"""Constraints of text columns hold against raw SQL, for every column that people write."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connection, models

from apps.bus import dispatch
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.db.violations import refusal_behind
from apps.kernel.text import TextNotNormal
from apps.ledger.commands import OpenAccount
from apps.sales.commands import AddCustomer
from tests.support.sqlstate import CHECK, refused

UNIQUE = "23505"
HOSTILE = (
    "a\u200b",
    "e\u0301",
    " a",
    "a ",
    "a  b",
    "a\tb",
    "a\xa0b",
    "\u202ea",
    "a\x1b",
    "a\ue000",
    "\ufeffa",
    "a\u3164",
)
"""Not normal, in one line or several, but for the double blank."""


@pytest.mark.parametrize("written", HOSTILE)
def test_raw_sql_cannot_store_a_text_without_its_normal_form(at_acme, owner, written):
    dispatch(OpenAccount(code="7000", name="Cash", type="asset"), actor=owner)
    dispatch(AddCustomer(code="HOOLI", name="Hooli"), actor=owner)

    changes = {"ledger_account": ("name",), "sales_customer": ("code", "name", "email", "address")}
    for table, columns in changes.items():
        for column in columns:
            if written == "a  b" and column == "address":
                continue
            assert refused(f"UPDATE {table} SET {column} = {_literal(written)}") == CHECK, (table, column)


def test_raw_sql_cannot_store_an_empty_name_or_a_code_in_another_case(at_acme, owner):
    dispatch(OpenAccount(code="cash", name="Cash", type="asset"), actor=owner)

    assert refused("UPDATE ledger_account SET name = ''") == CHECK
    assert (
        refused(
            "INSERT INTO ledger_account (code, name, type, is_active) VALUES ('CASH', 'Till', 'asset', true)"
        )
        == UNIQUE
    )


def test_a_violated_text_constraint_is_a_refusal(at_acme, owner):
    dispatch(OpenAccount(code="1000", name="Cash", type="asset"), actor=owner)

    with pytest.raises(Exception, match="is_text") as violated, unit_of_work(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_account SET name = ' '")

    refusal = refusal_behind(violated.value)
    assert isinstance(refusal, TextNotNormal)
    assert refusal.context == {"column": "ledger_account_name"}


def test_every_text_column_has_a_constraint_or_is_written_by_machines(at_acme):
    """A new column appears here: constrain it in its migration, or list it below."""
    constrained = _constrained()
    text_columns = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if model.__module__.startswith("apps.") and not hasattr(model, "instance_type")
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField) and not field.choices
    }

    unconstrained = {f"{table}.{column}" for table, column in text_columns - constrained}

    assert unconstrained == _machine_texts()
    assert constrained <= text_columns
    assert len(constrained) > 60


def test_columns_with_errors_and_responses_are_sanitised_when_written():
    """An error about NUL would otherwise be lost, since NUL cannot be stored."""
    columns = [
        field
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        for field in model._meta.local_fields
        if field.name in ("last_error", "error", "response_body") and isinstance(field, models.TextField)
    ]

    assert len(columns) > 8
    assert {field.get_prep_value("NUL \0 and \ud83d") for field in columns} == {"NUL \ufffd and \ufffd"}


def _constrained() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname LIKE '%\\_is\\_text' AND connamespace IN"
            " (current_schema()::regnamespace, 'public'::regnamespace)"
        )
        rows = cursor.fetchall()
    return {
        (table.removeprefix("public."), re.search(r"\((?:\(|)+(\w+)", condition)[1])
        for table, condition in rows
    }


def _machine_texts() -> set[str]:
    tables = re.findall(r"^(\w+):((?:\s+\w+\b(?!:))+)", MACHINE_TEXTS, re.MULTILINE)
    return {f"{table}.{column}" for table, columns in tables for column in columns.split()}


def _literal(text: str) -> str:
    return f"'{text}'"


MACHINE_TEXTS = """
approvals_approvalrequest: command kind outcome requester_name subject
approvals_decision: approver_name
approvals_revision: base_revision digest editor_name operator sealed
attachments_attachment: media_type sha256 storage_key subject_type
audit_coldstoragefile: file key_id retention signature
audit_commandminute: command
audit_erasure: actor content head_hash key_id signature
audit_record: actor_name arguments causation_id command correlation_id database_user impersonator_name reason
    retention sentence subject_id subject_type template
audit_rollupcursor: retention
audit_segment: hash key_id previous_hash records_hash retention
backups_backup: checksum last_error slug storage_key
backups_restoration: database last_error requested_by slug
backups_restoredrill: last_error
bus_idempotencykey: fingerprint key response scope
companies_company: currency
events_breaker: last_error queue subscriber
events_delivery: aggregate last_error queue subscriber
events_outboxevent: aggregate causation_id correlation_id name queue traceparent
flags_changeset: digest origin
flags_exposure: key
flags_flag: key
flags_flagusage: key variant
flags_kill: key
flags_revision: digest key
flags_rollout: key
flags_rolloutstep: by_name key reason
flags_staleflag: key
identity_apisession: address
identity_invitation: invited_by role token_digest
identity_refreshtoken: digest
identity_user: password
impersonation_impersonation: operator_name tenant_name ticket user_name
impersonation_supportsession: operator user_name
jobs_run: actor_name correlation_id job last_error operator result stage
ledger_entry: source
ledger_entryline: currency
ledger_importedentry: digest
ledger_journalimport: sha256
ledger_stagedentry: digest
notices_notice: correlation_id key kind subject text topic
notices_noticedelivery: address last_error ref transport
notices_notificationchannel: last_outcome masked_address sealed
payments_credit: currency
payments_payment: currency paid_through provider
payments_sandboxoperation: currency declined key
periods_fiscalyear: code
periods_period: closed_by code
sagas_logentry: actor_name detail step
sagas_run: actor_name correlation_id last_error saga stage step subject
sales_invoice: currency file
sales_order: currency placed_by provider
schedules_scheduledcommand: actor_name command correlation_id last_error operator
service_accounts_servicetoken: digest
settings_setting: key
tenancy_domain: domain
tenancy_erasure: database requested_by role_name schema_name slug
tenancy_scheduledrun: task
tenancy_formerslug: slug
tenancy_schemamigration: error migration schema_name
tenancy_spare: fingerprint role_name schema_name
tenancy_tenant: database fingerprint role_name schema_name slug
webhooks_attempt: error response_body
webhooks_endpoint: last_outcome
webhooks_message: body correlation_id last_error ref type
webhooks_received: correlation_id last_error ref type
webhooks_secret: sealed
webhooks_source: scheme
webhooks_sourcesecret: sealed
"""
"""Names of code, digests, ciphertexts, messages of errors and other systems, copies of names, and e-mails."""
