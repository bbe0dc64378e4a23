"""Credits are settled on the account on which they were booked, so it takes postings as long as they are open."""

from django.db import migrations

# The deactivation has locked the row of the account, and so waits for entries in progress on it.
GUARD = """
CREATE FUNCTION payments_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open_credit bigint;
BEGIN
    EXECUTE format($sql$
        SELECT min(credit.id) FROM %1$I.payments_credit AS credit
        JOIN %1$I.ledger_entryline AS line ON line.entry_id = credit.entry_id AND line.amount_minor < 0
        WHERE credit.used_minor < credit.amount_minor AND line.account_id = $1
        $sql$, TG_TABLE_SCHEMA) INTO open_credit USING OLD.id;
    IF open_credit IS NOT NULL THEN
        RAISE EXCEPTION 'Account % has open credits.', OLD.code USING ERRCODE = 'BY007',
            DETAIL = format('account=%s; credit=%s', OLD.code, open_credit);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_account_guard BEFORE UPDATE OF is_active ON ledger_account FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION payments_account_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_search"), ("ledger", "0002_invariants")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION payments_account_guard() CASCADE")]
