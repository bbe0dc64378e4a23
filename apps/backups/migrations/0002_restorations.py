import django.db.models.deletion
from django.db import migrations, models

from apps.kernel.db.text_columns import OPTIONAL, REQUIRED_LINES, text_columns


class Migration(migrations.Migration):
    dependencies = [
        ("backups", "0001_initial"),
        ("tenancy", "0003_former_slugs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Restoration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("removed", "Removed"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("as_new", "Restore as a new tenant"),
                            ("in_place", "Restore in place"),
                            ("clone", "Clone"),
                        ],
                        max_length=8,
                    ),
                ),
                ("slug", models.CharField(blank=True, max_length=40)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("database", models.CharField(max_length=40)),
                ("anonymise", models.BooleanField(default=False)),
                ("reason", models.TextField()),
                ("requested_by", models.CharField(max_length=200)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                (
                    "backup",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="backups.backup",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenancy.tenant",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenancy.tenant",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__regex", "^(waiting|running)$"), models.Q(("slug", ""), _negated=True)
                        ),
                        fields=("slug",),
                        name="one_unfinished_restoration_per_slug",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "in_place"), ("state__regex", "^(waiting|running)$")),
                        fields=("tenant",),
                        name="one_unfinished_restoration_in_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "in_place"), ("slug", "")),
                            models.Q(
                                ("kind__regex", "^(as_new|clone)$"), models.Q(("slug", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="restoration_in_place_has_no_slug",
                    ),
                ],
            },
        ),
        text_columns("backups_restoration", name=OPTIONAL, reason=REQUIRED_LINES),
    ]
