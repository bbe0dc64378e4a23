"""Who may do what, again. The runtime also asks that events be heard once more, and counts failures; what is old and
settled is removed by a function of the owner's, since the runtime itself can lose no event."""

from django.db import migrations

GRANT = """
GRANT INSERT ON events_delivery TO bursar_app;
REVOKE DELETE ON events_breaker FROM bursar_app;
GRANT SELECT ON events_breaker TO bursar_relay;

CREATE FUNCTION events_purge(before timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    old bigint[];
BEGIN
    IF before > now() - interval '1 day' THEN
        RAISE EXCEPTION 'Events are kept for a day at least.' USING ERRCODE = '42501';
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

TAKE_BACK = """
DROP FUNCTION events_purge(timestamptz, integer);
REVOKE ALL ON events_breaker FROM bursar_relay;
REVOKE INSERT ON events_delivery FROM bursar_app;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0004_heard_fairly")]
    operations = [migrations.RunSQL(GRANT, TAKE_BACK)]
