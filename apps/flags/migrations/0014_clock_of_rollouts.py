"""The instants of a rollout are not in the future: otherwise a statement could say that its stages have lasted. Machines
may differ by half a minute. An instant in the past gains nothing: a rollout begins after its publication and at its own
beginning, and each stage after the previous one.

The code is that in errors.py.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION flags_rollout_clock_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'A stage does not begin in the future.' USING ERRCODE = 'BF021',
        DETAIL = format('key=%s; state=%s', NEW.key, NEW.state);
END $$;
CREATE TRIGGER flags_rollout_clock_guard BEFORE INSERT OR UPDATE ON flags_rollout FOR EACH ROW
    WHEN (greatest(NEW.started_at, NEW.stage_since, NEW.changed_at) > clock_timestamp() + interval '30 s'
          OR NEW.state = 'initiated' AND NEW.stage_since < NEW.changed_at - interval '30 s')
    EXECUTE FUNCTION flags_rollout_clock_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0013_reported_usage")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION flags_rollout_clock_guard() CASCADE")]
