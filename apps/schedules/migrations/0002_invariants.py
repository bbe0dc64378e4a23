"""Invariants of scheduled commands, enforced by the database: what was scheduled is what is executed, once."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES
from apps.kernel.db.text_columns import REQUIRED, REQUIRED_LINES, text_columns

FIXED = f"""
CREATE FUNCTION schedules_command_is_fixed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state <> 'waiting' OR (NEW.command, NEW.arguments, NEW.correlation_id, NEW.created_at)
        IS DISTINCT FROM (OLD.command, OLD.arguments, OLD.correlation_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'A scheduled command is stored once and does not change.' USING ERRCODE = 'BQ001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schedules_command_is_fixed BEFORE UPDATE ON schedules_scheduledcommand
    FOR EACH ROW EXECUTE FUNCTION schedules_command_is_fixed();
REVOKE DELETE, TRUNCATE ON schedules_scheduledcommand FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP TRIGGER schedules_command_is_fixed ON schedules_scheduledcommand;
DROP FUNCTION schedules_command_is_fixed();
GRANT DELETE ON schedules_scheduledcommand TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("schedules", "0001_initial")]
    operations = [
        migrations.RunSQL(FIXED, UNDO),
        text_columns(
            "schedules_scheduledcommand", reason=REQUIRED_LINES, local_time=REQUIRED, time_zone=REQUIRED
        ),
    ]
