"""Invariants of payments, enforced by the database.

Every function addresses tables through TG_TABLE_SCHEMA: the search path may be another tenant's, and a schema may be
renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.currency_guard import real_currencies
from apps.kernel.db.guards import RUNTIME_ROLES
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns
from apps.ledger.guards import named_account

# 1. A payment starts as requested and makes only the transitions of Payment.TRANSITIONS. Its terms never change, and neither
#    does its confirmation. Only the trigger of 2 writes the refunded amount.
PAYMENT = f"""
CREATE FUNCTION payments_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION 'A payment starts as requested.' USING ERRCODE = 'BY001',
                DETAIL = format('payment=%s; state=%s', NEW.id, NEW.state);
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (NEW.id, NEW.reference, NEW.amount_minor, NEW.currency, NEW.provider, NEW.token, NEW.requested_at)
          IS DISTINCT FROM
          (OLD.id, OLD.reference, OLD.amount_minor, OLD.currency, OLD.provider, OLD.token, OLD.requested_at)
       OR (OLD.state = 'confirmed' AND (NEW.provider_payment_id, NEW.confirmed_at, NEW.entry_id)
          IS DISTINCT FROM (OLD.provider_payment_id, OLD.confirmed_at, OLD.entry_id))
       OR (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
              ('requested', 'confirmed'), ('requested', 'failed'), ('requested', 'void'),
              ('failed', 'confirmed'), ('void', 'confirmed')))
       OR (NEW.refunded_minor <> OLD.refunded_minor AND pg_trigger_depth() = 1) THEN
        RAISE EXCEPTION 'Payment % cannot be changed like this.', OLD.id USING ERRCODE = 'BY001',
            DETAIL = format('payment=%s; state=%s', OLD.id, OLD.state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_guard BEFORE INSERT OR UPDATE OR DELETE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_payment_guard();
REVOKE DELETE ON payments_payment, payments_refund FROM {RUNTIME_ROLES};
"""

# 2. The insertion of a refund is added to its payment: the UPDATE locks the row of the payment, which serialises its
#    refunds, and the CHECK constraint refuses a refund that exceeds the rest.
REFUND = """
CREATE FUNCTION payments_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
    payment_state text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION 'A refund starts as requested.' USING ERRCODE = 'BY002';
        END IF;
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
"""

UNDO = f"""
DROP FUNCTION payments_refund_guard() CASCADE;
DROP FUNCTION payments_payment_guard() CASCADE;
GRANT DELETE ON payments_payment, payments_refund TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0002_invariants")]
    operations = [
        migrations.RunSQL(PAYMENT + REFUND, UNDO),
        text_columns(
            "payments_payment", reference=REQUIRED, token=OPTIONAL, provider_payment_id=OPTIONAL, why=LINES
        ),
        text_columns("payments_refund", reference=OPTIONAL, reason=LINES, provider_refund_id=OPTIONAL),
        named_account("payments.bank_account", "1000"),
        named_account("payments.receivable_account", "1100"),
        real_currencies("payments_payment", "payments_sandboxoperation"),
    ]
