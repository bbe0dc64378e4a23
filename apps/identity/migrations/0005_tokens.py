"""Sessions over the API, and the epoch that ends what was said of a user before.

The epoch grows with every change of what lets a user in, and never shrinks: a row that was read before a change and is
written after it would otherwise bring old tokens back to life.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

EPOCH = """
CREATE FUNCTION identity_user_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.epoch := greatest(NEW.epoch, OLD.epoch);
    IF (NEW.password, NEW.is_active, NEW.is_staff, NEW.is_superuser)
       IS DISTINCT FROM (OLD.password, OLD.is_active, OLD.is_staff, OLD.is_superuser) THEN
        NEW.epoch := greatest(NEW.epoch, OLD.epoch + 1);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_user_epoch BEFORE UPDATE ON identity_user
    FOR EACH ROW EXECUTE FUNCTION identity_user_epoch();
"""
UNDO = """
DROP TRIGGER identity_user_epoch ON identity_user;
DROP FUNCTION identity_user_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_support_visits")]
    operations = [
        migrations.AddField("user", "epoch", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.CreateModel(
            name="ApiSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("device", models.CharField(blank=True, max_length=200)),
                ("began_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_because", models.CharField(blank=True, max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "API session", "default_permissions": ("view",)},
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("given_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="identity.apisession",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None)),
                        fields=("session",),
                        name="identity_one_refresh_token_at_hand",
                    )
                ],
            },
        ),
        migrations.RunSQL(EPOCH, UNDO),
    ]
