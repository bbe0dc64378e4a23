"""Migration operations for append-only tables, and for changes that need an approval, enforced by the database."""

from __future__ import annotations

from typing import Any, Literal

from django.db import migrations

RUNTIME_ROLES = "bursar_app, bursar_tables"

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
        IF to_jsonb(NEW) ? 'history_id' AND NOT EXISTS (
            SELECT FROM jsonb_each(to_jsonb(NEW)) AS field
            WHERE field.value IS DISTINCT FROM to_jsonb(OLD) -> field.key AND field.value <> '"(erased)"'
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% rows are written once and never changed.', TG_TABLE_NAME
        USING ERRCODE = '42501', DETAIL = format('table=%s; operation=%s', TG_TABLE_NAME, TG_OP);
END $$;
"""
"""A value in a version of master data may only become "(erased)", to erase a person; see `apps.audit`."""

_APPEND_ONLY = """
CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {guard}();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {roles};
"""

_UNDO = """
DROP TRIGGER {table}_rows_stay ON {table};
DROP TRIGGER {table}_is_not_emptied ON {table};
GRANT UPDATE, DELETE ON {table} TO {roles};
"""


def append_only(table: str, *, guard: str = "refuse_change") -> migrations.RunSQL:
    """Rows of `table` can only be added and read. The runtime lacks the rights to change them, and a trigger refuses
    changes by the owner. Another `guard`, an existing trigger function, may permit the owner specific changes."""
    names: dict[str, Any] = {"table": table, "roles": RUNTIME_ROLES, "guard": guard}
    return migrations.RunSQL(REFUSE + _APPEND_ONLY.format(**names), _UNDO.format(**names))


_APPROVED_ONLY = """
DO $do$ BEGIN
    IF to_regclass(format('%I.{table}', current_schema())) IS NOT NULL THEN
        CREATE TRIGGER {table}_is_approved {time} {on} ON {table} FOR EACH {level} {when}
            EXECUTE FUNCTION approvals_guard('{kind}', '{quorum}', '{required}');
    END IF;
END $do$;
"""


def approved_only(
    table: str,
    kind: str,
    *,
    on: str,
    when: str = "",
    level: Literal["ROW", "STATEMENT"] = "ROW",
    quorum: int = 1,
    required: Literal["always", "production"] = "always",
) -> migrations.RunSQL:
    """Changes of `table` (`on`: the event of a trigger) pass only while an approved request of the kind is executed.
    A guard of rows accepts a request about the row only: its `approval_subject()` is `table:id`. Nothing in schemas
    without the table."""
    sql = _APPROVED_ONLY.format(
        table=table,
        kind=kind,
        on=on,
        level=level,
        time="BEFORE" if level == "ROW" else "AFTER",
        when=f"WHEN ({when})" if when else "",
        quorum=quorum,
        required=required,
    )
    return migrations.RunSQL(sql, f"DROP TRIGGER IF EXISTS {table}_is_approved ON {table}")
