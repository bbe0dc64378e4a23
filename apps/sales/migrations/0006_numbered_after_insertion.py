"""An invoice is numbered after its insertion: `INSERT … ON CONFLICT DO NOTHING` runs the triggers before it for a row that
it does not insert, whose number would be a gap. Until then, within the statement, its number is 0."""

from importlib import import_module

from django.db import migrations

_before = import_module("apps.sales.migrations.0002_invariants")

NUMBER = """
DROP TRIGGER sales_invoice_is_numbered ON sales_invoice;
CREATE OR REPLACE FUNCTION sales_invoice_is_numbered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($sql$
        WITH next AS (
            INSERT INTO %1$I.sales_invoicecounter AS counter VALUES ($1, 1)
            ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last
        )
        UPDATE %1$I.sales_invoice SET number = next.last FROM next WHERE id = $2
        $sql$, TG_TABLE_SCHEMA) USING NEW.year, NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER sales_invoice_is_numbered AFTER INSERT ON sales_invoice
    FOR EACH ROW EXECUTE FUNCTION sales_invoice_is_numbered();

CREATE OR REPLACE FUNCTION sales_invoice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'issued' THEN
        NEW.number := 0;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.number = 0 AND pg_trigger_depth() > 1
       AND to_jsonb(NEW) - 'number' IS NOT DISTINCT FROM to_jsonb(OLD) - 'number' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state IN ('issued', 'failed') AND (OLD.state, NEW.state) <> ('issued', 'issued')
       AND (NEW.id, NEW.order_id, NEW.year, NEW.number, NEW.issued_on, NEW.seller, NEW.customer_name,
            NEW.customer_address, NEW.currency, NEW.amount_minor, NEW.entry_id)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.order_id, OLD.year, OLD.number, OLD.issued_on, OLD.seller, OLD.customer_name,
            OLD.customer_address, OLD.currency, OLD.amount_minor, OLD.entry_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An invoice never changes.' USING ERRCODE = 'BS003',
        DETAIL = format('invoice=INV-%s-%s', coalesce(OLD.year, NEW.year), coalesce(OLD.number, NEW.number));
END $$;
"""

COUNTER = "CREATE FUNCTION sales_invoice_is_numbered()"
"""In the SQL of migration 0002, the first line after the table of the counter, which stays."""

UNDO = f"""
DROP FUNCTION sales_invoice_is_numbered() CASCADE;
DROP FUNCTION sales_invoice_guard() CASCADE;
{COUNTER}{_before.INVOICE.partition(COUNTER)[2]}
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0005_accepted_accounts")]
    operations = [migrations.RunSQL(NUMBER, UNDO)]
