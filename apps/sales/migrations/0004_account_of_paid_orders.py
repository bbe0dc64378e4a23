"""An invoice is booked on the account of receivables of its payment, so it takes postings until the order is invoiced."""

from django.db import migrations

GUARD = """
CREATE FUNCTION sales_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
BEGIN
    EXECUTE format($sql$
        SELECT min(placed.id) FROM %1$I.payments_payment AS payment
        JOIN %1$I.ledger_entryline AS line ON line.entry_id = payment.entry_id AND line.amount_minor < 0
        JOIN %1$I.sales_order AS placed ON 'order:' || placed.id = payment.reference
        WHERE payment.refunded_minor < payment.amount_minor AND line.account_id = $1
          AND placed.state NOT IN ('invoiced', 'completed')
        $sql$, TG_TABLE_SCHEMA) INTO paid USING OLD.id;
    IF paid IS NOT NULL THEN
        RAISE EXCEPTION 'Account % has payments of orders without an invoice.', OLD.code USING ERRCODE = 'BS004',
            DETAIL = format('account=%s; order=SO-%s', OLD.code, paid);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sales_account_guard BEFORE UPDATE OF is_active ON ledger_account FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION sales_account_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_search"), ("payments", "0004_account_of_open_credits")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION sales_account_guard() CASCADE")]
