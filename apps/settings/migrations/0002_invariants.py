from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.settings.guards import RANGE_GUARD


class Migration(migrations.Migration):
    dependencies = [("settings", "0001_initial")]
    operations = [
        append_only("settings_historicalsetting"),
        migrations.RunSQL(RANGE_GUARD, "DROP FUNCTION settings_range_guard() CASCADE"),
    ]
