import django.db.models.deletion
import django.db.models.functions.text
import django_tenants.postgresql_backend.base
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Tenant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "schema_name",
                    models.CharField(
                        db_index=True,
                        max_length=63,
                        unique=True,
                        validators=[django_tenants.postgresql_backend.base._check_schema_name],
                    ),
                ),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("owner_email", models.EmailField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Being set up"),
                            ("trial", "On trial"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("archived", "Archived"),
                            ("deleting", "Queued for deletion"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("database", models.CharField(default="home", max_length=40)),
                ("delete_after", models.DateField(null=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("normal", "Normal"),
                            ("read_only", "Read only"),
                            ("maintenance", "Maintenance"),
                        ],
                        default="normal",
                        max_length=12,
                    ),
                ),
                ("pinned", models.BooleanField(default=False)),
                ("region", models.CharField(blank=True, max_length=40)),
                ("role_name", models.CharField(blank=True, max_length=63)),
                (
                    "sandbox_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.tenant",
                    ),
                ),
                ("state_reason", models.CharField(blank=True, max_length=500)),
                ("state_since", models.DateTimeField(null=True)),
                ("trial_ends_on", models.DateField(null=True)),
            ],
            options={
                "permissions": [
                    ("onboard_tenant", "Can onboard a tenant"),
                    ("suspend_tenant", "Can suspend a tenant"),
                    ("activate_tenant", "Can activate a tenant"),
                    ("archive_tenant", "Can archive a tenant"),
                    ("erase_tenant", "Can erase a tenant"),
                    ("move_tenant", "Can move a tenant to another database"),
                    ("back_up_tenant", "Can back up a tenant"),
                    ("restore_tenant", "Can restore or clone a tenant"),
                    ("set_backup_policy", "Can set the backup policy of a tenant"),
                    ("manage_databases", "Can manage databases and placement"),
                    ("impersonate", "Can enter a tenant as one of its users"),
                ],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slug__regex", "^[a-z][a-z0-9-]{0,38}[a-z0-9]$")),
                        name="tenant_slug_is_a_dns_label",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "slug__in",
                                    (
                                        "admin",
                                        "administrator",
                                        "root",
                                        "operator",
                                        "platform",
                                        "bursar",
                                        "console",
                                        "support",
                                        "security",
                                        "staff",
                                        "api",
                                        "www",
                                        "app",
                                        "static",
                                        "media",
                                        "assets",
                                        "cdn",
                                        "files",
                                        "t",
                                        "accounts",
                                        "account",
                                        "login",
                                        "logout",
                                        "auth",
                                        "oauth",
                                        "sso",
                                        "id",
                                        "healthz",
                                        "health",
                                        "metrics",
                                        "status",
                                        "docs",
                                        "help",
                                        "billing",
                                        "plan",
                                        "mail",
                                        "smtp",
                                        "imap",
                                        "pop",
                                        "ftp",
                                        "ns",
                                        "ns1",
                                        "ns2",
                                        "dns",
                                        "mx",
                                        "webmail",
                                        "autoconfig",
                                        "autodiscover",
                                        "localhost",
                                        "internal",
                                        "local",
                                        "postmaster",
                                        "hostmaster",
                                        "webmaster",
                                        "abuse",
                                        "noreply",
                                        "no-reply",
                                        "public",
                                        "template",
                                        "tenant",
                                        "postgres",
                                        "information-schema",
                                        "pg-catalog",
                                        "pg-toast",
                                    ),
                                ),
                                _negated=True,
                            ),
                            models.Q(("slug__regex", "^(pg-|..--)"), _negated=True),
                        ),
                        name="tenant_slug_is_not_reserved",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Replace(
                            django.db.models.functions.text.Replace(
                                django.db.models.functions.text.Replace(
                                    django.db.models.functions.text.Replace(
                                        django.db.models.functions.text.Replace(
                                            django.db.models.functions.text.Replace(
                                                django.db.models.functions.text.Replace(
                                                    django.db.models.functions.text.Replace(
                                                        models.F("slug"), models.Value("-"), models.Value("")
                                                    ),
                                                    models.Value("0"),
                                                    models.Value("o"),
                                                ),
                                                models.Value("1"),
                                                models.Value("l"),
                                            ),
                                            models.Value("5"),
                                            models.Value("s"),
                                        ),
                                        models.Value("rn"),
                                        models.Value("m"),
                                    ),
                                    models.Value("vv"),
                                    models.Value("w"),
                                ),
                                models.Value("cl"),
                                models.Value("d"),
                            ),
                            models.Value("i"),
                            models.Value("l"),
                        ),
                        name="tenant_slug_is_unlike_others",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mode__in", ["normal", "read_only", "maintenance"]),
                            (
                                "state__in",
                                ["pending", "trial", "active", "suspended", "archived", "deleting"],
                            ),
                        ),
                        name="tenant_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "deleting"), _negated=True),
                            ("delete_after__isnull", False),
                            _connector="OR",
                        ),
                        name="tenant_in_the_queue_has_its_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "trial"), _negated=True),
                            ("trial_ends_on__isnull", False),
                            _connector="OR",
                        ),
                        name="tenant_on_trial_has_its_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domains",
                        to="tenancy.tenant",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="TenantActivity",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="activity",
                        serialize=False,
                        to="tenancy.tenant",
                    ),
                ),
                ("entries_posted", models.PositiveBigIntegerField(default=0)),
                ("periods_closed", models.PositiveBigIntegerField(default=0)),
                ("last_active_at", models.DateTimeField(null=True)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("commands", models.PositiveIntegerField(default=0)),
                ("counted_at", models.DateTimeField(null=True)),
                ("dead_letters", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("refusals", models.PositiveIntegerField(default=0)),
                ("users", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "tenant activity",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="TenantDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("entries_posted", models.PositiveBigIntegerField()),
                ("commands", models.PositiveIntegerField()),
                ("failures", models.PositiveIntegerField()),
                ("users", models.PositiveIntegerField()),
                ("bytes", models.PositiveBigIntegerField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenancy.tenant",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["day"], name="tenant_day_of_all")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "day"), name="tenant_day_once")],
            },
        ),
        migrations.CreateModel(
            name="Database",
            fields=[
                ("key", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("region", models.CharField(blank=True, max_length=40)),
                ("capacity", models.PositiveIntegerField(default=300)),
                ("accepts_new", models.BooleanField(default=True)),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Spare",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("schema_name", models.CharField(max_length=63, unique=True)),
                ("role_name", models.CharField(max_length=63)),
                ("fingerprint", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="SchemaMigration",
            fields=[
                ("schema_name", models.CharField(max_length=63, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")], max_length=7
                    ),
                ),
                ("migration", models.CharField(blank=True, max_length=300)),
                ("operation_count", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ScheduledRun",
            fields=[
                ("task", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("slot_at", models.DateTimeField()),
                ("progress", models.BigIntegerField(default=-1)),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("slug", models.CharField(max_length=40)),
                ("schema_name", models.CharField(max_length=63)),
                ("role_name", models.CharField(blank=True, max_length=63)),
                ("database", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("dropped", models.JSONField()),
                ("erased_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("number", "created_at"), name="tenant_erased_once")
                ],
            },
        ),
    ]
