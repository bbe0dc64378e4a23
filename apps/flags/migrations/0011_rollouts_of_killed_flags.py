"""A killed flag does not move on: its rollout neither starts, advances nor resumes, so that the end of the kill serves no
more than its approval says. Pausing and rolling back are always possible.

The code is that in errors.py.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION flags_rollout_while_killed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_killed boolean;
BEGIN
    EXECUTE format($sql$
        SELECT EXISTS (SELECT FROM %I.flags_kill WHERE key = $1 AND revived_at IS NULL)
        $sql$, TG_TABLE_SCHEMA) INTO is_killed USING NEW.key;
    IF is_killed THEN
        RAISE EXCEPTION 'The flag is killed.' USING ERRCODE = 'BF026', DETAIL = format('key=%s', NEW.key);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_rollout_start_while_killed BEFORE INSERT ON flags_rollout
    FOR EACH ROW EXECUTE FUNCTION flags_rollout_while_killed();
CREATE TRIGGER flags_rollout_step_while_killed BEFORE UPDATE ON flags_rollout FOR EACH ROW
    WHEN (NEW.stage > OLD.stage OR NEW.state <> OLD.state AND NEW.state NOT IN ('paused', 'rolled_back'))
    EXECUTE FUNCTION flags_rollout_while_killed();
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0010_effects")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION flags_rollout_while_killed() CASCADE")]
