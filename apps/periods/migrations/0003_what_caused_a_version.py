from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("periods", "0002_invariants")]
    operations = [
        migrations.AddField(
            model_name="historicalcalendar",
            name="causation_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
