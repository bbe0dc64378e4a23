from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0005_rights")]
    operations = [
        migrations.AddField(
            model_name="outboxevent",
            name="traceparent",
            field=models.CharField(blank=True, db_default="", default="", max_length=55),
        ),
    ]
