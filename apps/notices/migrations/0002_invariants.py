from django.db import migrations

from apps.kernel.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [append_only("notices_historicalnotificationchannel")]
