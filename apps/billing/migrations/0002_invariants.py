"""The default plan, and the rights on the tables."""

from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.kernel.db.rls import EnableTenantRLS
from apps.kernel.db.text_columns import LINES, REQUIRED, text_columns

DEFAULT_PLAN = """
INSERT INTO billing_plan (code, name, level, modules, limits, is_offered)
VALUES ('all', 'Everything', 1000, '["*"]', '{}', true);
REVOKE DELETE ON billing_plan FROM bursar_app;
"""

UNDO = """
GRANT DELETE ON billing_plan TO bursar_app;
DELETE FROM billing_plan WHERE code = 'all';
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [
        migrations.RunSQL(DEFAULT_PLAN, UNDO),
        append_only("billing_historicalplan"),
        append_only("billing_historicalsubscription"),
        EnableTenantRLS("billing_subscription"),
        text_columns("billing_plan", code=REQUIRED, name=REQUIRED),
        text_columns("billing_subscription", reason=LINES),
    ]
