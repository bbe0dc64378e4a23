"""An inactive customer places no orders, and inactive items are not ordered.

The triggers lock the rows for sharing, so that a deactivation either waits for the order or is seen by it. All
transactions lock items in the order of their ids, which avoids deadlocks.
"""

from django.db import migrations

ACTIVE = """
CREATE FUNCTION sales_customer_is_active() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text;
    active boolean;
BEGIN
    EXECUTE format('SELECT code, is_active FROM %I.sales_customer WHERE id = $1 FOR SHARE', TG_TABLE_SCHEMA)
        INTO named, active USING NEW.customer_id;
    IF NOT active THEN
        RAISE EXCEPTION 'Customer % is inactive.', named USING ERRCODE = 'BS011',
            DETAIL = format('customer=%s', named);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sales_customer_is_active BEFORE INSERT ON sales_order
    FOR EACH ROW EXECUTE FUNCTION sales_customer_is_active();

CREATE FUNCTION sales_items_are_active() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text;
BEGIN
    EXECUTE format($sql$
        SELECT min(sku) FILTER (WHERE NOT is_active)
        FROM (SELECT sku, is_active FROM %I.inventory_item
              WHERE id IN (SELECT item_id FROM changed) ORDER BY id FOR SHARE) AS locked
        $sql$, TG_TABLE_SCHEMA) INTO named;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'Item % is inactive.', named USING ERRCODE = 'BS012',
            DETAIL = format('item=%s', named);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sales_items_are_active AFTER INSERT ON sales_orderline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION sales_items_are_active();
"""
UNDO = """
DROP FUNCTION sales_items_are_active() CASCADE;
DROP FUNCTION sales_customer_is_active() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0007_customer_is_active"), ("inventory", "0003_item_is_active")]
    operations = [migrations.RunSQL(ACTIVE, UNDO)]
