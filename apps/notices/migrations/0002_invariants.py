from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.kernel.db.text_columns import REQUIRED, text_columns


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [
        append_only("notices_historicalnotificationchannel"),
        text_columns("notices_notificationchannel", name=REQUIRED),
    ]
