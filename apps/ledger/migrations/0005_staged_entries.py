"""Entries of imports wait in open periods only: staging holds the period open, as postings do, and a period with waiting
entries is not closed."""

from django.db import migrations

# As for entries (migration 0002), the advisory lock and the row lock, and then the status, in separate statements.
STAGED = """
CREATE FUNCTION ledger_staged_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    period_id bigint;
    period record;
BEGIN
    FOR period_id IN EXECUTE format($sql$
        SELECT DISTINCT period.id FROM added
        JOIN %I.periods_period AS period ON added.posted_on BETWEEN period.starts_on AND period.ends_on
        ORDER BY period.id
        $sql$, TG_TABLE_SCHEMA)
    LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(TG_TABLE_SCHEMA || ':period:' || period_id, 0));
        EXECUTE format('SELECT code, status FROM %I.periods_period WHERE id = $1 FOR SHARE', TG_TABLE_SCHEMA)
            INTO period USING period_id;
        IF period.status IS DISTINCT FROM 'open' THEN
            RAISE EXCEPTION 'Period % is not open.', period.code
                USING ERRCODE = 'BP002', DETAIL = format('period=%s', period.code);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_staged_guard AFTER INSERT ON ledger_stagedentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_staged_guard();

CREATE FUNCTION ledger_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting record;
BEGIN
    EXECUTE format($sql$
        SELECT count(*) AS entries, string_agg(DISTINCT journal_import_id::text, ', ') AS imports
        FROM %I.ledger_stagedentry WHERE posted_on BETWEEN $1 AND $2
        $sql$, TG_TABLE_SCHEMA) INTO waiting USING OLD.starts_on, OLD.ends_on;
    IF waiting.entries > 0 THEN
        RAISE EXCEPTION 'Period % has entries of imports that are not posted.', OLD.code USING ERRCODE = 'BL020',
            DETAIL = format('period=%s; entries=%s; imports=%s', OLD.code, waiting.entries, waiting.imports);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_period_guard BEFORE UPDATE OF status ON periods_period FOR EACH ROW
    WHEN (NEW.status = 'closed') EXECUTE FUNCTION ledger_period_guard();
"""

UNDO = """
DROP FUNCTION ledger_period_guard() CASCADE;
DROP FUNCTION ledger_staged_guard() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_accepted_accounts"), ("periods", "0002_invariants")]
    operations = [migrations.RunSQL(STAGED, UNDO)]
