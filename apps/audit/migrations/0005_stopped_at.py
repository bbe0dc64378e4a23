"""A look at a long trail stops when its time is up, and the next one goes on there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_guards")]
    operations = [
        migrations.AddField(
            model_name="verification",
            name="stopped_at",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
