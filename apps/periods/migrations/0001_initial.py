import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("first_month", models.PositiveSmallIntegerField(default=1)),
            ],
            options={
                "permissions": [("manage_calendar", "Can define the calendar and add fiscal years")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first_month__gte", 1), ("first_month__lte", 12)),
                        name="periods_calendar_first_month",
                    ),
                    models.UniqueConstraint(models.Value(1), name="periods_one_calendar"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCalendar",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("name", models.CharField(max_length=80)),
                ("first_month", models.PositiveSmallIntegerField(default=1)),
                ("history_user_id", models.BigIntegerField(null=True)),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                ("causation_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
            ],
            options={
                "verbose_name": "historical calendar",
                "verbose_name_plural": "historical calendars",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="FiscalYear",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=9)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="periods.calendar"
                    ),
                ),
            ],
            options={
                "ordering": ("starts_on",),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "code"), name="periods_year_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))),
                        name="periods_year_has_days",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("calendar", "="),
                            (
                                models.Func(
                                    "starts_on",
                                    "ends_on",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="periods_years_do_not_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("code", models.CharField(max_length=7)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=8
                    ),
                ),
                ("close_version", models.PositiveIntegerField(default=0)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                ("close_reason", models.TextField(blank=True)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="periods.calendar"
                    ),
                ),
                (
                    "year",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="periods.fiscalyear"
                    ),
                ),
            ],
            options={
                "ordering": ("starts_on",),
                "permissions": [("close_period", "Can close periods")],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("year", "number"), name="periods_period_number_once"),
                    models.UniqueConstraint(fields=("calendar", "code"), name="periods_period_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="periods_period_has_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status", "open"), ("status", "closed"), _connector="OR"),
                        name="periods_period_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("status", "open")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("status", "closed"),
                                models.Q(("closed_by", ""), _negated=True),
                                models.Q(("close_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="periods_closed_has_time_and_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None), ("closed_at__gt", models.F("ends_on")), _connector="OR"
                        ),
                        name="periods_closed_after_its_end",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("calendar", "="),
                            (
                                models.Func(
                                    "starts_on",
                                    "ends_on",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="periods_do_not_overlap",
                    ),
                ],
            },
        ),
    ]
