"""Who may do what with the outbox. The runtime adds events and marks its own deliveries; the relay routes."""

from django.db import migrations

GRANT = """
REVOKE UPDATE, DELETE ON events_outboxevent FROM bursar_app;
REVOKE INSERT, DELETE ON events_delivery FROM bursar_app;
GRANT SELECT, UPDATE ON events_outboxevent TO bursar_relay;
GRANT SELECT, INSERT, UPDATE ON events_delivery TO bursar_relay;
GRANT USAGE, SELECT ON SEQUENCE events_delivery_id_seq TO bursar_relay;
"""

TAKE_BACK = """
GRANT UPDATE, DELETE ON events_outboxevent TO bursar_app;
GRANT INSERT, DELETE ON events_delivery TO bursar_app;
REVOKE ALL ON events_outboxevent, events_delivery FROM bursar_relay;
REVOKE ALL ON SEQUENCE events_delivery_id_seq FROM bursar_relay;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(GRANT, TAKE_BACK)]
