"""What programs of tenants report is apart from what this installation counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flags", "0012_cancellations")]
    operations = [
        migrations.AddField(
            model_name="flagusage",
            name="reported_by",
            field=models.BigIntegerField(default=0, db_default=0),
        ),
        migrations.RemoveConstraint(model_name="flagusage", name="flags_usage_once"),
        migrations.AddConstraint(
            model_name="flagusage",
            constraint=models.UniqueConstraint(
                fields=("key", "span", "starts_at", "variant", "reported_by"), name="flags_usage_once"
            ),
        ),
    ]
