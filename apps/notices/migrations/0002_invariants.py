from django.db import migrations

from apps.kernel.db.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [append_only("notices_historicalnotificationchannel")]
