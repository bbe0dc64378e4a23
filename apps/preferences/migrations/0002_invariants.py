from django.db import migrations

from apps.kernel.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("preferences", "0001_initial")]
    operations = [append_only("preferences_historicalsetting")]
