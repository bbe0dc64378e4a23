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
                    ("view_queues", "Can see how the queues stand"),
                    ("view_metrics", "Can read the metrics"),
                    ("view_trace", "Can read the life story of a request"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
