"""Invariants of jobs, enforced by the database: what was requested is what is done, and a job ends once."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES

FIXED = f"""
CREATE FUNCTION jobs_run_is_fixed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.job, NEW.parameters, NEW.actor_id, NEW.actor_name, NEW.operator, NEW.correlation_id, NEW.created_at)
        IS DISTINCT FROM
        (OLD.job, OLD.parameters, OLD.actor_id, OLD.actor_name, OLD.operator, OLD.correlation_id, OLD.created_at)
        OR OLD.state IN ('done', 'cancelled') AND NEW.state <> OLD.state
        OR NEW.claims < OLD.claims
    THEN
        RAISE EXCEPTION 'A job is stored once, and ends once.' USING ERRCODE = 'BJ001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_run_is_fixed BEFORE UPDATE ON jobs_run FOR EACH ROW EXECUTE FUNCTION jobs_run_is_fixed();
REVOKE DELETE, TRUNCATE ON jobs_run FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP TRIGGER jobs_run_is_fixed ON jobs_run;
DROP FUNCTION jobs_run_is_fixed();
GRANT DELETE ON jobs_run TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [migrations.RunSQL(FIXED, UNDO)]
