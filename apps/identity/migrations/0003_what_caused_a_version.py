from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_append_only")]
    operations = [
        migrations.AddField(
            model_name="historicaluser",
            name="causation_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
