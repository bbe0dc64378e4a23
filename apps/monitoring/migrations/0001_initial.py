from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Oversight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("manage_deliveries", "Can replay and drop deliveries"),
                    ("view_queues", "Can view the status of queues"),
                    ("view_metrics", "Can read the metrics"),
                    ("view_trace", "Can view request traces"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
