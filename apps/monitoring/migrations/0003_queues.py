from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_sight")]
    operations = [
        migrations.AlterModelOptions(
            name="oversight",
            options={
                "default_permissions": (),
                "managed": False,
                "permissions": [
                    ("manage_deliveries", "Can replay and drop deliveries"),
                    ("view_queues", "Can see how the queues stand"),
                    ("view_metrics", "Can read the metrics"),
                    ("view_trace", "Can read the life story of a request"),
                ],
            },
        ),
    ]
