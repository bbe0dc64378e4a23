"""The type of an account that a setting names does not change: the setting accepts certain types (guards.accepted_account)."""

from django.db import migrations

from apps.ledger.guards import NAMED_ACCOUNT_GUARD

CONDITION = "IF NEW.code = OLD.code AND (NEW.is_active OR NOT OLD.is_active) THEN"
BEFORE = NAMED_ACCOUNT_GUARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
AFTER = BEFORE.replace(
    CONDITION, "IF (NEW.code, NEW.type) = (OLD.code, OLD.type) AND (NEW.is_active OR NOT OLD.is_active) THEN"
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_entries_of_documents")]
    operations = [migrations.RunSQL(AFTER, BEFORE)]
