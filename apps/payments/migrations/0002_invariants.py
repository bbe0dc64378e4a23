"""Invariants of payments, enforced by the database.

Every function addresses tables through TG_TABLE_SCHEMA: the search path may be another tenant's, and a schema may be
renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.currency_guard import real_currencies
from apps.kernel.db.guards import RUNTIME_ROLES, append_only
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
       OR (OLD.state = 'confirmed' AND (NEW.paid_through, NEW.provider_payment_id, NEW.confirmed_at, NEW.entry_id)
          IS DISTINCT FROM (OLD.paid_through, OLD.provider_payment_id, OLD.confirmed_at, OLD.entry_id))
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

# 3. A credit never changes, but triggers add its applications and refunds to the used amount, and the CHECK constraint
#    refuses what exceeds it. The UPDATE locks the row of the credit, which serialises its uses.
CREDIT = f"""
CREATE FUNCTION payments_credit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.used_minor <> 0 THEN
            RAISE EXCEPTION 'A credit starts unused.' USING ERRCODE = 'BY004';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR pg_trigger_depth() = 1
       OR to_jsonb(NEW) - 'used_minor' IS DISTINCT FROM to_jsonb(OLD) - 'used_minor' THEN
        RAISE EXCEPTION 'Credit % never changes.', OLD.id USING ERRCODE = 'BY004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_credit_guard BEFORE INSERT OR UPDATE OR DELETE ON payments_credit
    FOR EACH ROW EXECUTE FUNCTION payments_credit_guard();

CREATE FUNCTION payments_application_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    EXECUTE format($sql$
        UPDATE %1$I.payments_credit AS credit SET used_minor = used_minor + $1 FROM %1$I.payments_payment AS payment
        WHERE credit.id = $2 AND payment.id = $3 AND payment.state = 'requested' AND payment.currency = credit.currency
        RETURNING credit.id
        $sql$, TG_TABLE_SCHEMA) INTO counted USING NEW.amount_minor, NEW.credit_id, NEW.payment_id;
    IF counted IS NULL THEN
        RAISE EXCEPTION 'Payment % is not outstanding in the currency of credit %.', NEW.payment_id, NEW.credit_id
            USING ERRCODE = 'BY005', DETAIL = format('payment=%s; credit=%s', NEW.payment_id, NEW.credit_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_application_guard BEFORE INSERT ON payments_creditapplication
    FOR EACH ROW EXECUTE FUNCTION payments_application_guard();

CREATE FUNCTION payments_credit_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        EXECUTE format('UPDATE %I.payments_credit SET used_minor = used_minor + $1 WHERE id = $2', TG_TABLE_SCHEMA)
            USING NEW.amount_minor, NEW.credit_id;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.sent_at IS NOT NULL
       OR to_jsonb(NEW) - '{{sent_at,provider_refund_id}}'::text[]
          IS DISTINCT FROM to_jsonb(OLD) - '{{sent_at,provider_refund_id}}'::text[] THEN
        RAISE EXCEPTION 'Refund % of a credit never changes.', OLD.id USING ERRCODE = 'BY002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_credit_refund_guard BEFORE INSERT OR UPDATE OR DELETE ON payments_creditrefund
    FOR EACH ROW EXECUTE FUNCTION payments_credit_refund_guard();
REVOKE DELETE ON payments_credit, payments_creditrefund FROM {RUNTIME_ROLES};
"""

# 4. A payment that is paid from credits has applications of exactly its amount, and an application belongs to such a payment,
#    at the end of the transaction: a part of it is never committed alone.
COVERED = """
CREATE FUNCTION payments_covered_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payment bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    is_covered boolean;
BEGIN
    EXECUTE format($sql$
        SELECT (payment.state = 'confirmed' AND payment.paid_through = 'credit') = (parts.amount IS NOT NULL)
               AND coalesce(parts.amount, payment.amount_minor) = payment.amount_minor
        FROM %1$I.payments_payment AS payment
        CROSS JOIN (SELECT sum(amount_minor) AS amount FROM %1$I.payments_creditapplication WHERE payment_id = $1) AS parts
        WHERE payment.id = $1
        $sql$, TG_TABLE_SCHEMA) INTO is_covered USING payment;
    IF is_covered IS NOT TRUE THEN
        RAISE EXCEPTION 'Payment % is not covered by the credits that are applied to it.', payment USING ERRCODE = 'BY006',
            DETAIL = format('payment=%s', payment);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_application_covers AFTER INSERT ON payments_creditapplication
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_covered_guard('payment_id');
CREATE CONSTRAINT TRIGGER payments_payment_is_covered AFTER UPDATE OF state ON payments_payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.paid_through = 'credit')
    EXECUTE FUNCTION payments_covered_guard('id');
"""

# 5. A transfer of a provider is booked once: as a payment or as a credit. Both enter it into one table, whose constraint
#    decides every race.
TRANSFER = """
CREATE FUNCTION payments_transfer_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'payments_payment' THEN
        EXECUTE format('INSERT INTO %I.payments_transfer (provider, number, payment_id) VALUES ($1, $2, $3)',
            TG_TABLE_SCHEMA) USING NEW.paid_through, NEW.provider_payment_id, NEW.id;
    ELSE
        EXECUTE format('INSERT INTO %I.payments_transfer (provider, number, credit_id) VALUES ($1, $2, $3)',
            TG_TABLE_SCHEMA) USING NEW.provider, NEW.provider_payment_id, NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_payment_transfer AFTER UPDATE OF state ON payments_payment FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state = 'confirmed' AND NEW.paid_through <> 'credit')
    EXECUTE FUNCTION payments_transfer_note();
CREATE TRIGGER payments_credit_transfer AFTER INSERT ON payments_credit FOR EACH ROW
    EXECUTE FUNCTION payments_transfer_note();

CREATE FUNCTION payments_transfer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'Transfers are written by triggers.' USING ERRCODE = 'BY004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_transfer_guard BEFORE INSERT ON payments_transfer
    FOR EACH ROW EXECUTE FUNCTION payments_transfer_guard();
"""

UNDO = f"""
DROP FUNCTION payments_transfer_guard() CASCADE;
DROP FUNCTION payments_transfer_note() CASCADE;
DROP FUNCTION payments_covered_guard() CASCADE;
DROP FUNCTION payments_credit_refund_guard() CASCADE;
DROP FUNCTION payments_application_guard() CASCADE;
DROP FUNCTION payments_credit_guard() CASCADE;
GRANT DELETE ON payments_credit, payments_creditrefund TO {RUNTIME_ROLES};
DROP FUNCTION payments_refund_guard() CASCADE;
DROP FUNCTION payments_payment_guard() CASCADE;
GRANT DELETE ON payments_payment, payments_refund TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0002_invariants")]
    operations = [
        migrations.RunSQL(PAYMENT + REFUND + CREDIT + COVERED + TRANSFER, UNDO),
        append_only("payments_creditapplication"),
        append_only("payments_transfer"),
        text_columns(
            "payments_payment", reference=REQUIRED, token=OPTIONAL, provider_payment_id=OPTIONAL, why=LINES
        ),
        text_columns("payments_refund", reference=OPTIONAL, reason=LINES, provider_refund_id=OPTIONAL),
        text_columns(
            "payments_credit",
            payer=OPTIONAL,
            payer_name=OPTIONAL,
            reference=OPTIONAL,
            provider=REQUIRED,
            provider_payment_id=REQUIRED,
        ),
        text_columns("payments_transfer", provider=REQUIRED, number=REQUIRED),
        text_columns("payments_creditrefund", reference=REQUIRED, reason=LINES, provider_refund_id=OPTIONAL),
        named_account("payments.bank_account", "1000"),
        named_account("payments.credit_account", "2100"),
        named_account("payments.receivable_account", "1100"),
        real_currencies("payments_payment", "payments_sandboxoperation", "payments_credit"),
    ]
