from django.db import migrations

from apps.settings.guards import setting_range


class Migration(migrations.Migration):
    """The ranges are those of setting_definitions.py."""

    dependencies = [("flags", "0014_clock_of_rollouts"), ("settings", "0002_invariants")]
    operations = [
        setting_range("flags.release_stale_days", 0, 3650),
        setting_range("flags.experiment_stale_days", 0, 3650),
        setting_range("flags.ops_stale_days", 0, 3650),
        setting_range("flags.permission_stale_days", 0, 3650),
        setting_range("flags.escalate_after", 1, 52),
    ]
