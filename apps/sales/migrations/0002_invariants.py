"""Invariants of sales, enforced by the database.

Every function addresses tables through TG_TABLE_SCHEMA: a deferred trigger fires at COMMIT, when the search path may be
another tenant's, and a schema may be renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.currency_guard import real_currencies
from apps.kernel.db.guards import RUNTIME_ROLES, append_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns, unique_in_any_case
from apps.ledger.guards import named_account

# 1. An order starts as placed and makes only the transitions of Order.TRANSITIONS. Its terms never change. Its lines must
#    add up to its total: checked at COMMIT, when all of them are inserted.
ORDER = """
CREATE FUNCTION sales_order_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'placed' THEN
            RAISE EXCEPTION 'An order starts as placed.' USING ERRCODE = 'BS001',
                DETAIL = format('order=SO-%s; state=%s', NEW.id, NEW.state);
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (NEW.id, NEW.customer_id, NEW.currency, NEW.amount_minor, NEW.provider, NEW.token, NEW.placed_at, NEW.placed_by)
          IS DISTINCT FROM
          (OLD.id, OLD.customer_id, OLD.currency, OLD.amount_minor, OLD.provider, OLD.token, OLD.placed_at, OLD.placed_by)
       OR (NEW.state, NEW.why) IS DISTINCT FROM (OLD.state, OLD.why)
          AND (OLD.state, NEW.state) NOT IN (
              ('placed', 'confirmed'), ('confirmed', 'paid'), ('paid', 'invoiced'), ('invoiced', 'completed'),
              ('placed', 'cancelled'), ('confirmed', 'cancelled'), ('paid', 'cancelled')) THEN
        RAISE EXCEPTION 'Order % cannot be changed like this.', OLD.id USING ERRCODE = 'BS001',
            DETAIL = format('order=SO-%s; state=%s', OLD.id, OLD.state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sales_order_guard BEFORE INSERT OR UPDATE OR DELETE ON sales_order
    FOR EACH ROW EXECUTE FUNCTION sales_order_guard();

CREATE FUNCTION sales_order_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked_id bigint;
    adds_up boolean;
BEGIN
    IF TG_TABLE_NAME = 'sales_order' THEN
        checked_id := NEW.id;
    ELSE
        checked_id := NEW.order_id;
    END IF;
    EXECUTE format($sql$
        SELECT placed.amount_minor = coalesce(sum(line.price_minor::numeric * line.quantity), 0)
        FROM %1$I.sales_order AS placed LEFT JOIN %1$I.sales_orderline AS line ON line.order_id = placed.id
        WHERE placed.id = $1 GROUP BY placed.id
        $sql$, TG_TABLE_SCHEMA) INTO adds_up USING checked_id;
    IF adds_up IS NOT TRUE THEN
        RAISE EXCEPTION 'Order % does not add up.', checked_id USING ERRCODE = 'BS002',
            DETAIL = format('order=SO-%s', checked_id);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sales_order_adds_up AFTER INSERT ON sales_order
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales_order_adds_up();
CREATE CONSTRAINT TRIGGER sales_order_adds_up AFTER INSERT ON sales_orderline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales_order_adds_up();
"""

# 2. An invoice gets the next number of its year from a counter that is rolled back with it, so there is no gap; the
#    runtime has no rights on the counter. It never changes, except that its document fails, is
#    retried, and is stored once.
INVOICE = """
CREATE TABLE sales_invoicecounter (
    year smallint PRIMARY KEY,
    last integer NOT NULL
) WITH (fillfactor = 20);

CREATE FUNCTION sales_invoice_is_numbered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($sql$
        INSERT INTO %I.sales_invoicecounter AS counter VALUES ($1, 1)
        ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last
        $sql$, TG_TABLE_SCHEMA) INTO NEW.number USING NEW.year;
    RETURN NEW;
END $$;
CREATE TRIGGER sales_invoice_is_numbered BEFORE INSERT ON sales_invoice
    FOR EACH ROW EXECUTE FUNCTION sales_invoice_is_numbered();

CREATE FUNCTION sales_invoice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'issued' THEN
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
CREATE TRIGGER sales_invoice_guard BEFORE INSERT OR UPDATE OR DELETE ON sales_invoice
    FOR EACH ROW EXECUTE FUNCTION sales_invoice_guard();
"""

RIGHTS = f"""
REVOKE INSERT, UPDATE, DELETE ON sales_invoicecounter FROM {RUNTIME_ROLES};
REVOKE DELETE ON sales_customer, sales_order, sales_invoice FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP FUNCTION sales_invoice_guard() CASCADE;
DROP FUNCTION sales_invoice_is_numbered() CASCADE;
DROP FUNCTION sales_order_adds_up() CASCADE;
DROP FUNCTION sales_order_guard() CASCADE;
DROP TABLE sales_invoicecounter;
GRANT DELETE ON sales_customer, sales_order, sales_invoice TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial"), ("ledger", "0002_invariants")]
    operations = [
        append_only("sales_historicalcustomer"),
        append_only("sales_orderline"),
        migrations.RunSQL(ORDER + INVOICE + RIGHTS, UNDO),
        text_columns("sales_customer", code=REQUIRED, name=REQUIRED, email=OPTIONAL, address=LINES),
        text_columns("sales_order", token=OPTIONAL, why=LINES),
        text_columns("sales_orderline", name=REQUIRED),
        text_columns(
            "sales_invoice", seller=OPTIONAL, customer_name=REQUIRED, customer_address=LINES, failure=LINES
        ),
        unique_in_any_case("sales_customer", "code"),
        named_account("sales.revenue_account", "4000"),
        named_account("sales.refunds_account", "4900"),
        real_currencies("sales_order", "sales_invoice"),
    ]
