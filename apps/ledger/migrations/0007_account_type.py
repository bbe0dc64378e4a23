"""The type of an account may change as long as the account has no postings, parent or child accounts.

A posting locks its account for sharing, and an UPDATE locks the row before its trigger runs, so the trigger sees every
committed posting.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("apps.ledger.migrations.0002_invariants").ACCOUNTS.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
BEFORE = BEFORE[: BEFORE.index("CREATE TRIGGER")]
CONDITION = "IF (NEW.parent_id, NEW.type) IS DISTINCT FROM (OLD.parent_id, OLD.type) THEN"
AFTER = BEFORE.replace(
    CONDITION,
    """IF NEW.type <> OLD.type THEN
            EXECUTE format($sql$
                SELECT EXISTS (SELECT FROM %1$I.ledger_entryline WHERE account_id = $1)
                    OR EXISTS (SELECT FROM %1$I.ledger_account WHERE parent_id = $1)
                $sql$, TG_TABLE_SCHEMA) INTO used USING OLD.id;
        END IF;
        IF NEW.parent_id IS DISTINCT FROM OLD.parent_id
           OR NEW.type <> OLD.type AND (used OR OLD.parent_id IS NOT NULL) THEN""",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_reversals_on_inactive_accounts")]
    operations = [migrations.RunSQL(AFTER, BEFORE)]
