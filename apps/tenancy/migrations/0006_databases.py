from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0005_a_role_for_each")]

    operations = [
        migrations.CreateModel(
            name="Database",
            fields=[
                ("key", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("region", models.CharField(blank=True, max_length=40)),
                ("capacity", models.PositiveIntegerField(default=300)),
                ("accepts_new", models.BooleanField(default=True)),
            ],
            options={"default_permissions": ("view",)},
        ),
    ]
