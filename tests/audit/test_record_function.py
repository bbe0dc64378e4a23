"""The record function: what the runtime may write, and what the database decides."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection

from apps.audit import retention
from apps.audit.models import Record
from apps.backups.schemas import blueprint
from apps.bus.registry import commands
from apps.events.models import OutboxEvent
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.sqlstate import NO_RIGHT, refused

RECORD = {
    **dict.fromkeys(("sentence", "template", "arguments", "actor_name", "impersonator_name", "reason"), ""),
    **dict.fromkeys(("subject_type", "subject_id", "correlation_id", "causation_id"), ""),
    **dict.fromkeys(("actor_commitment", "content_commitment"), ""),
    "command": "ledger.post_entry",
    "outcome": "done",
    "request": {},
    "changes": [],
    "refusals": [],
}
EVENT = {
    **dict.fromkeys(("correlation_id", "causation_id", "traceparent", "queue"), ""),
    "name": "entry.posted",
    "version": 1,
    "aggregate": "entry:1",
    "payload": {},
}


def call(schema="", *, records=(), events=()):
    function = f"{schema}.record_outcome" if schema else "record_outcome"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, '[]', %s)", [json.dumps(records), json.dumps(events)])


def test_id_time_transaction_class_and_session_are_the_databases(at_acme):
    before = Record.objects.latest("id").pk
    claimed = {
        "id": 1,
        "at": "2014-05-01",
        "xid": "1",
        "retention": "access",
        "database_user": "x",
        "backend_pid": 1,
    }

    call(records=[RECORD | claimed])

    row = Record.objects.latest("id")
    assert row.pk == before + 1
    assert abs(row.at - now()) < dt.timedelta(minutes=1)
    assert row.retention == "financial"
    assert (row.database_user, row.backend_pid) == ("bursar_app", connection.connection.info.backend_pid)
    assert row.xid > Record.objects.get(pk=before).xid


def test_the_tenant_of_an_event_is_the_current_one(acme, globex):
    forged = EVENT | {"tenant_id": globex.id, "occurred_at": now().isoformat()}
    for tenant in (acme, None):
        with activate(tenant):
            call(events=[forged])

    published = OutboxEvent.objects.filter(name="entry.posted").order_by("id")
    assert [event.tenant_id for event in published] == [acme.id, None]


@pytest.mark.parametrize("other", ["public", "tenant_2"])
def test_a_tenant_cannot_write_to_another_audit_log(at_acme, globex, other):
    assert refused(f"SELECT {other}.record_outcome('[]', '[]', '[]')") == NO_RIGHT


def test_the_database_gives_every_command_the_class_of_the_registry(db):
    names = [command.command_name() for command in commands()] + [*retention.READINGS, "unknown.command", ""]
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_class_of(name) FROM unnest(%s::text[]) AS name", [names])
        classes = [name for (name,) in cursor.fetchall()]

    assert classes == [retention.class_of(name) for name in names]


def test_the_body_of_the_function_is_one_statement_of_the_blueprint():
    ddl = (
        "CREATE FUNCTION x() RETURNS void\n    BEGIN ATOMIC\n INSERT INTO t VALUES (';\nEND');\n"
        " SELECT CASE WHEN true THEN 1\n     END;\nEND;\nCREATE TABLE y (a text DEFAULT ';');"
    )

    assert [statement[:15] for statement in blueprint.statements(ddl)] == [
        "CREATE FUNCTION",
        "CREATE TABLE y ",
    ]
