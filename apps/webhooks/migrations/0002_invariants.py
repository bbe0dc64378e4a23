from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [
        append_only("webhooks_historicalendpoint"),
        append_only("webhooks_historicalsource"),
        text_columns("webhooks_endpoint", url=REQUIRED, description=OPTIONAL, disabled_reason=LINES),
        text_columns("webhooks_source", name=REQUIRED),
    ]
