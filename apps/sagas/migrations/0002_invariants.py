"""The log of a run is append-only, and no run can be deleted."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only


class Migration(migrations.Migration):
    dependencies = [("sagas", "0001_initial")]
    operations = [
        append_only("sagas_logentry"),
        migrations.RunSQL(
            f"REVOKE DELETE, TRUNCATE ON sagas_run FROM {RUNTIME_ROLES}",
            f"GRANT DELETE ON sagas_run TO {RUNTIME_ROLES}",
        ),
    ]
