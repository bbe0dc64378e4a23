from django.db import migrations

from apps.kernel.db.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("settings", "0001_initial")]
    operations = [append_only("settings_historicalsetting")]
