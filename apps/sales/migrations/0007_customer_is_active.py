from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0006_numbered_after_insertion"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="historicalcustomer",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
