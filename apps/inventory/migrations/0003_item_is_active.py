from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_invariants"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalitem",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="item",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
