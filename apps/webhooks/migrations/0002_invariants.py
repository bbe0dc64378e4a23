from django.db import migrations

from apps.kernel.db.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [
        append_only("webhooks_historicalendpoint"),
        append_only("webhooks_historicalsource"),
    ]
