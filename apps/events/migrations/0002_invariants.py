"""Grants on the outbox, and the policies that isolate the rows of tenants.

The runtime updates its deliveries and counts failures; the relay routes. Events are inserted by `record_outcome` of the
audit log alone, and deleted by neither: a function of the database owner deletes old settled events.
"""

from django.db import migrations

from apps.kernel.db.rls import EnableTenantRLS

RIGHTS = """
REVOKE INSERT, UPDATE, DELETE ON events_outboxevent FROM bursar_app;
REVOKE DELETE ON events_delivery, events_breaker FROM bursar_app;
GRANT SELECT, UPDATE ON events_outboxevent TO bursar_relay;
GRANT SELECT, INSERT, UPDATE ON events_delivery TO bursar_relay;
GRANT USAGE, SELECT ON SEQUENCE events_delivery_id_seq TO bursar_relay;
GRANT SELECT ON events_breaker TO bursar_relay;
"""

PURGE = """
CREATE FUNCTION events_purge(before timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    old bigint[];
BEGIN
    IF before > now() - interval '1 day' THEN
        RAISE EXCEPTION 'Events are retained for at least a day.' USING ERRCODE = '42501';
    END IF;
    old := ARRAY(
        SELECT id FROM events_outboxevent
        WHERE occurred_at < before AND routed_at IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM events_delivery
              WHERE event_id = events_outboxevent.id AND status NOT IN ('done', 'dropped')
          )
        ORDER BY id LIMIT most FOR UPDATE SKIP LOCKED
    );
    DELETE FROM events_delivery WHERE event_id = ANY(old);
    DELETE FROM events_outboxevent WHERE id = ANY(old);
    RETURN coalesce(array_length(old, 1), 0);
END $$;
REVOKE ALL ON FUNCTION events_purge(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_purge(timestamptz, integer) TO bursar_app;
"""

UNDO = """
DROP FUNCTION events_purge(timestamptz, integer);
GRANT INSERT, UPDATE, DELETE ON events_outboxevent TO bursar_app;
GRANT DELETE ON events_delivery, events_breaker TO bursar_app;
REVOKE ALL ON events_outboxevent, events_delivery, events_breaker FROM bursar_relay;
REVOKE ALL ON SEQUENCE events_delivery_id_seq FROM bursar_relay;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [
        migrations.RunSQL(RIGHTS + PURGE, UNDO),
        EnableTenantRLS("events_outboxevent", "SELECT"),
        EnableTenantRLS("events_delivery", "SELECT, UPDATE"),
        EnableTenantRLS("events_breaker", "SELECT, INSERT, UPDATE"),
    ]
