"""A posted entry can be reversed though its accounts were deactivated meanwhile. At COMMIT a reversal has exactly the lines of
its entry, so nothing else is written to such an account."""

from importlib import import_module

from django.db import migrations

_before = import_module("apps.ledger.migrations.0002_invariants")

INACTIVE = """
        SELECT min(code) FILTER (WHERE NOT is_active)
        FROM (SELECT code, is_active FROM %I.ledger_account
"""
INACTIVE_WITHOUT_REVERSALS = """
        SELECT min(code) FILTER (WHERE NOT is_active AND id IN (
            SELECT line.account_id FROM changed AS line JOIN %1$I.ledger_entry AS entry ON entry.id = line.entry_id
            WHERE entry.reversal_of_id IS NULL))
        FROM (SELECT id, code, is_active FROM %1$I.ledger_account
"""
BEFORE = "CREATE OR REPLACE" + _before.ENTRY_LINES.partition("CREATE TRIGGER")[0].strip().removeprefix(
    "CREATE"
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_staged_entries")]
    operations = [migrations.RunSQL(BEFORE.replace(INACTIVE, INACTIVE_WITHOUT_REVERSALS), BEFORE)]
