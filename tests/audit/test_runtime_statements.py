"""What the runtime's own rights permit on the audit log, by raw SQL, in a tenant's role and as the platform."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from apps.kernel.tenant import activate
from tests.support.sqlstate import NO_RIGHT

OTHER = "another_schema"
FORGED = (
    "(at, command, outcome, sentence, template, arguments, actor_id, actor_name, impersonator_name, reason,"
    " subject_type, subject_id, request, changes, refusals, correlation_id, causation_id, retention, actor_commitment,"
    " content_commitment)"
    " SELECT {at}, 'ledger.post_entry', 'done', 'Forged.', '', '{{}}', {actor}, 'Forged', '', '', '', '', '{{}}', '[]',"
    " '[]', '', '', {retention}, '', ''"
)


def forged(table="audit_record", *, at="now()", actor="NULL", retention="'default'"):
    return f"INSERT INTO {table} {FORGED.format(at=at, actor=actor, retention=retention)}"


STATEMENTS = [
    forged(),
    forged(at="'2014-05-01'"),
    forged(at="now() + interval '1 year'"),
    forged(retention="'access'"),
    forged(retention="'unknown'"),
    forged(actor="1"),
    forged("public.audit_record"),
    forged(f"{OTHER}.audit_record"),
    forged() + " ON CONFLICT (id) DO UPDATE SET sentence = 'Forged.'",
    "COPY audit_record FROM STDIN",
    "COPY audit_record FROM PROGRAM 'true'",
    "UPDATE audit_record SET sentence = 'Forged.'",
    "UPDATE audit_record SET at = at - interval '1 year'",
    "DELETE FROM audit_record",
    "TRUNCATE audit_record",
    "MERGE INTO audit_record r USING audit_record s ON r.id = s.id WHEN MATCHED THEN DELETE",
    "SELECT 1 FROM audit_record FOR UPDATE",
    "LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE",
    "SELECT setval('audit_record_id_seq', 1)",
    "SELECT nextval('audit_record_id_seq')",
    "ALTER SEQUENCE audit_record_id_seq RESTART",
    "ALTER TABLE audit_record DISABLE TRIGGER ALL",
    "ALTER TABLE audit_record ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_record OWNER TO CURRENT_USER",
    "DROP TABLE audit_record",
    "DROP TRIGGER audit_record_rows_stay ON audit_record",
    "CREATE RULE forged AS ON INSERT TO audit_record DO INSTEAD NOTHING",
    "CREATE TRIGGER forged BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE INDEX forged ON audit_record (at)",
    "DROP FUNCTION audit_record_stays() CASCADE",
    "ALTER FUNCTION audit_erase(bigint) SECURITY INVOKER",
    "SET session_replication_role = replica",
    "SET ROLE bursar_owner",
    "SET SESSION AUTHORIZATION bursar_owner",
    "CREATE FUNCTION audit_class_of(text, text) RETURNS text LANGUAGE sql RETURN $1",
    "INSERT INTO bus_idempotencykey (scope, key, fingerprint, result, response, used_at)"
    " SELECT 'ledger.post_entry', 'forged', '', '{}', '', now()",
    "INSERT INTO events_outboxevent (name, aggregate, payload, correlation_id, causation_id, occurred_at)"
    " SELECT 'entry.posted', 'entry:1', '{}', '', '', now()",
]


@pytest.fixture(params=["tenant", "platform"])
def plane(request, acme):
    with activate(acme if request.param == "tenant" else None):
        yield request.param


def test_no_statement_of_the_runtime_writes_records_outside_the_record_function(plane, globex):
    permitted = [
        statement for statement in STATEMENTS if not _is_refused(statement.replace(OTHER, globex.schema))
    ]

    assert permitted == []


def _is_refused(statement: str) -> bool:
    """For lack of a right. What it did is rolled back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", None) == NO_RIGHT
    except psycopg.Error:
        connection.close()
    return False
