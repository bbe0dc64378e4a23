"""Migration operations for append-only tables, enforced by the database for every role."""

from __future__ import annotations

from typing import Any

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
