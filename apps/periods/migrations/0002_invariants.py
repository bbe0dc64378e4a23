"""Invariants of periods, enforced by the database.

Every function addresses tables through TG_TABLE_SCHEMA: a deferred trigger fires at COMMIT, when the search path
may be another tenant's, and a schema may be renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only
from apps.kernel.db.text_columns import LINES, REQUIRED, text_columns
from apps.settings.guards import setting_range

# 1. The periods of a year cover it without a gap: the EXCLUDE constraint of the model refuses overlaps, so the number
#    of their days must equal that of the year. Checked at COMMIT, when all twelve are inserted.
COVERED = """
CREATE FUNCTION periods_year_is_covered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked_id bigint;
    code text;
    covered boolean;
BEGIN
    IF TG_TABLE_NAME = 'periods_period' THEN
        checked_id := NEW.year_id;
    ELSE
        checked_id := NEW.id;
    END IF;
    EXECUTE format($sql$
        SELECT year.code,
               coalesce(sum(period.ends_on - period.starts_on + 1), 0) = year.ends_on - year.starts_on + 1
               AND min(period.starts_on) = year.starts_on
               AND max(period.ends_on) = year.ends_on
               AND bool_and(period.calendar_id = year.calendar_id)
        FROM %1$I.periods_fiscalyear AS year
        LEFT JOIN %1$I.periods_period AS period ON period.year_id = year.id
        WHERE year.id = $1
        GROUP BY year.id
        $sql$, TG_TABLE_SCHEMA) INTO code, covered USING checked_id;
    IF covered IS NOT TRUE THEN
        RAISE EXCEPTION 'The periods of year % do not cover each of its days.', code
            USING ERRCODE = 'BP001', DETAIL = format('year=%s', code);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER periods_year_is_covered AFTER INSERT ON periods_fiscalyear
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION periods_year_is_covered();
CREATE CONSTRAINT TRIGGER periods_year_is_covered AFTER INSERT ON periods_period
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION periods_year_is_covered();
"""

# 2. A period never changes, except that it is closed once. The closing session must hold the advisory lock of the
#    period, so that it has waited for all concurrent postings, and must be in READ COMMITTED, so that reads after the
#    lock include all of them. The trigger does not take the lock: the row is already locked when it runs, and postings
#    lock in the opposite order, so it would deadlock.
GUARD = """
CREATE FUNCTION periods_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key bigint;
    earlier text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'open' OR NEW.close_version <> 0 THEN
            RAISE EXCEPTION 'A period starts as open.' USING ERRCODE = 'BP004';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'open' OR NEW.status <> 'closed'
       OR (NEW.id, NEW.year_id, NEW.calendar_id, NEW.number, NEW.code, NEW.starts_on, NEW.ends_on)
          IS DISTINCT FROM
          (OLD.id, OLD.year_id, OLD.calendar_id, OLD.number, OLD.code, OLD.starts_on, OLD.ends_on) THEN
        RAISE EXCEPTION 'Period % can only be closed, and only once.', OLD.code USING ERRCODE = 'BP004';
    END IF;
    key := hashtextextended(TG_TABLE_SCHEMA || ':period:' || OLD.id, 0);
    IF current_setting('transaction_isolation') <> 'read committed' OR NOT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND mode = 'ExclusiveLock'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = ((key >> 32) & 4294967295)::oid AND objid = (key & 4294967295)::oid AND objsubid = 1
    ) THEN
        RAISE EXCEPTION 'Period % is not locked by this session.', OLD.code
            USING ERRCODE = 'BP005', DETAIL = format('period=%s', OLD.code);
    END IF;
    EXECUTE format($sql$
        SELECT code FROM %I.periods_period
        WHERE calendar_id = $1 AND ends_on < $2 AND status = 'open' ORDER BY starts_on LIMIT 1
        $sql$, TG_TABLE_SCHEMA) INTO earlier USING OLD.calendar_id, OLD.starts_on;
    IF earlier IS NOT NULL THEN
        RAISE EXCEPTION 'Period % is still open.', earlier
            USING ERRCODE = 'BP003', DETAIL = format('earlier=%s; period=%s', earlier, OLD.code);
    END IF;
    NEW.close_version := OLD.close_version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER periods_period_guard BEFORE INSERT OR UPDATE OR DELETE ON periods_period
    FOR EACH ROW EXECUTE FUNCTION periods_period_guard();
"""

# 3. Years never change, and neither table can be truncated.
IMMUTABILITY = f"""
CREATE FUNCTION periods_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Fiscal years and periods cannot be changed.' USING ERRCODE = 'BP004';
END $$;
CREATE TRIGGER periods_year_is_immutable BEFORE UPDATE OR DELETE ON periods_fiscalyear
    FOR EACH ROW EXECUTE FUNCTION periods_are_immutable();
CREATE TRIGGER periods_year_is_not_truncated BEFORE TRUNCATE ON periods_fiscalyear
    FOR EACH STATEMENT EXECUTE FUNCTION periods_are_immutable();
CREATE TRIGGER periods_period_is_not_truncated BEFORE TRUNCATE ON periods_period
    FOR EACH STATEMENT EXECUTE FUNCTION periods_are_immutable();
REVOKE DELETE ON periods_calendar, periods_fiscalyear, periods_period FROM {RUNTIME_ROLES};
REVOKE UPDATE ON periods_fiscalyear FROM {RUNTIME_ROLES};
"""

UNDO = f"""
GRANT DELETE ON periods_calendar, periods_fiscalyear, periods_period TO {RUNTIME_ROLES};
GRANT UPDATE ON periods_fiscalyear TO {RUNTIME_ROLES};
DROP FUNCTION periods_are_immutable() CASCADE;
DROP FUNCTION periods_period_guard() CASCADE;
DROP FUNCTION periods_year_is_covered() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("periods", "0001_initial"), ("settings", "0002_invariants")]
    operations = [
        append_only("periods_historicalcalendar"),
        migrations.RunSQL(COVERED + GUARD + IMMUTABILITY, UNDO),
        text_columns("periods_calendar", name=REQUIRED),
        text_columns("periods_period", close_reason=LINES),
        setting_range("periods.reason_length", 1, 500),
    ]
