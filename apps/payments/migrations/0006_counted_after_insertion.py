"""Triggers that count a row run after its insertion: `INSERT … ON CONFLICT DO NOTHING` runs the triggers before it for rows
that it does not insert, and such a refund or application would be counted without existing."""

from importlib import import_module

from django.db import migrations

_before = import_module("apps.payments.migrations.0002_invariants")

REFUND = """
DROP TRIGGER payments_refund_guard ON payments_refund;
CREATE OR REPLACE FUNCTION payments_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION 'A refund starts as requested.' USING ERRCODE = 'BY002';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (NEW.id, NEW.payment_id, NEW.reference, NEW.amount_minor, NEW.reason, NEW.requested_at)
          IS DISTINCT FROM
          (OLD.id, OLD.payment_id, OLD.reference, OLD.amount_minor, OLD.reason, OLD.requested_at)
       OR (OLD.state = 'posted' AND (NEW.state, NEW.entry_id) IS DISTINCT FROM (OLD.state, OLD.entry_id))
       OR (OLD.sent_at IS NOT NULL AND (NEW.sent_at, NEW.provider_refund_id)
          IS DISTINCT FROM (OLD.sent_at, OLD.provider_refund_id)) THEN
        RAISE EXCEPTION 'Refund % never changes.', OLD.id USING ERRCODE = 'BY002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_refund_guard BEFORE INSERT OR UPDATE OR DELETE ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_refund_guard();

CREATE FUNCTION payments_refund_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
    payment_state text;
BEGIN
    EXECUTE format($sql$
        UPDATE %I.payments_payment SET refunded_minor = refunded_minor + $1
        WHERE id = $2 AND state = 'confirmed' RETURNING id
        $sql$, TG_TABLE_SCHEMA) INTO counted USING NEW.amount_minor, NEW.payment_id;
    IF counted IS NULL THEN
        EXECUTE format('SELECT state FROM %I.payments_payment WHERE id = $1', TG_TABLE_SCHEMA)
            INTO payment_state USING NEW.payment_id;
        RAISE EXCEPTION 'Payment % is not confirmed.', NEW.payment_id USING ERRCODE = 'BY003',
            DETAIL = format('payment=%s; state=%s', NEW.payment_id, payment_state);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_refund_count AFTER INSERT ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_refund_count();
"""

CREDIT = """
DROP TRIGGER payments_application_guard ON payments_creditapplication;
CREATE TRIGGER payments_application_guard AFTER INSERT ON payments_creditapplication
    FOR EACH ROW EXECUTE FUNCTION payments_application_guard();

DROP TRIGGER payments_credit_refund_guard ON payments_creditrefund;
CREATE OR REPLACE FUNCTION payments_credit_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.sent_at IS NOT NULL
       OR to_jsonb(NEW) - '{sent_at,provider_refund_id}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{sent_at,provider_refund_id}'::text[] THEN
        RAISE EXCEPTION 'Refund % of a credit never changes.', OLD.id USING ERRCODE = 'BY002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_credit_refund_guard BEFORE UPDATE OR DELETE ON payments_creditrefund
    FOR EACH ROW EXECUTE FUNCTION payments_credit_refund_guard();

CREATE FUNCTION payments_credit_refund_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE %I.payments_credit SET used_minor = used_minor + $1 WHERE id = $2', TG_TABLE_SCHEMA)
        USING NEW.amount_minor, NEW.credit_id;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_credit_refund_count AFTER INSERT ON payments_creditrefund
    FOR EACH ROW EXECUTE FUNCTION payments_credit_refund_count();
"""

UNDO = f"""
DROP FUNCTION payments_refund_count() CASCADE;
DROP FUNCTION payments_credit_refund_count() CASCADE;
DROP FUNCTION payments_credit_refund_guard() CASCADE;
DROP FUNCTION payments_application_guard() CASCADE;
DROP FUNCTION payments_credit_guard() CASCADE;
DROP FUNCTION payments_refund_guard() CASCADE;
{_before.REFUND}
{_before.CREDIT}
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_accepted_accounts")]
    operations = [migrations.RunSQL(REFUND + CREDIT, UNDO)]
