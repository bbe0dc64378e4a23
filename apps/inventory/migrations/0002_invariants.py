"""Invariants of stock, enforced by the database.

Every function addresses tables through TG_TABLE_SCHEMA: the search path may be another tenant's, and a schema may be
renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns, unique_in_any_case

# 1. Stock is the sum of its movements: an item starts with an empty row, and a trigger adds each movement to it. The
#    runtime has no rights on the row; the functions run as its owner. The CHECK constraint of the model refuses to
#    reserve more than is on hand, and the lock of the row serialises movements of one item.
STOCK = """
CREATE FUNCTION inventory_item_has_stock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.inventory_stock (item_id, on_hand, reserved) VALUES ($1, 0, 0)',
        TG_TABLE_SCHEMA) USING NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER inventory_item_has_stock AFTER INSERT ON inventory_item
    FOR EACH ROW EXECUTE FUNCTION inventory_item_has_stock();

CREATE FUNCTION inventory_move_is_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($sql$
        UPDATE %I.inventory_stock SET on_hand = on_hand + $1, reserved = reserved + $2 WHERE item_id = $3
        $sql$, TG_TABLE_SCHEMA) USING NEW.on_hand, NEW.reserved, NEW.item_id;
    RETURN NULL;
END $$;
CREATE TRIGGER inventory_move_is_added AFTER INSERT ON inventory_stockmove
    FOR EACH ROW EXECUTE FUNCTION inventory_move_is_added();
"""
RIGHTS = f"""
REVOKE INSERT, UPDATE, DELETE ON inventory_stock FROM {RUNTIME_ROLES};
REVOKE DELETE ON inventory_item FROM {RUNTIME_ROLES};
"""

# 2. A reservation starts as reserved and is settled once; its reference never changes.
RESERVATION = """
CREATE FUNCTION inventory_reservation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'reserved' THEN
            RAISE EXCEPTION 'A reservation starts as reserved.' USING ERRCODE = 'BI001',
                DETAIL = format('reference=%s; state=%s', NEW.reference, NEW.state);
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state <> 'reserved' OR NEW.state = 'reserved'
       OR (NEW.id, NEW.reference, NEW.made_at) IS DISTINCT FROM (OLD.id, OLD.reference, OLD.made_at) THEN
        RAISE EXCEPTION 'The reservation for % is settled once.', OLD.reference USING ERRCODE = 'BI001',
            DETAIL = format('reference=%s; state=%s', OLD.reference, OLD.state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inventory_reservation_guard BEFORE INSERT OR UPDATE OR DELETE ON inventory_reservation
    FOR EACH ROW EXECUTE FUNCTION inventory_reservation_guard();
"""

UNDO = f"""
DROP FUNCTION inventory_reservation_guard() CASCADE;
DROP FUNCTION inventory_move_is_added() CASCADE;
DROP FUNCTION inventory_item_has_stock() CASCADE;
GRANT INSERT, UPDATE, DELETE ON inventory_stock TO {RUNTIME_ROLES};
GRANT DELETE ON inventory_item TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [
        append_only("inventory_historicalitem"),
        append_only("inventory_stockmove"),
        append_only("inventory_reservationline"),
        migrations.RunSQL(STOCK + RIGHTS + RESERVATION, UNDO),
        text_columns("inventory_item", sku=REQUIRED, name=REQUIRED, unit=OPTIONAL),
        text_columns("inventory_reservation", reference=REQUIRED, reason=LINES),
        text_columns("inventory_stockmove", reference=OPTIONAL, reason=LINES),
        unique_in_any_case("inventory_item", "sku"),
    ]
