import django.db.models.deletion
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("periods", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=9,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
            ],
            options={
                "ordering": ("code",),
                "permissions": [("manage_accounts", "Can open and deactivate accounts and journals")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type__regex", "^(asset|liability|equity|income|expense)$")),
                        name="ledger_account_type",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent", None),
                            models.Q(("parent", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="ledger_account_is_not_its_own_parent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True), models.Q(("name", ""), _negated=True)
                        ),
                        name="ledger_account_is_named",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAccount",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("code", models.CharField(db_index=True, max_length=32)),
                ("name", models.CharField(db_index=True, max_length=200)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=9,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
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
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                ("causation_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
            ],
            options={
                "verbose_name": "historical account",
                "verbose_name_plural": "historical accounts",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True)),
                ("name", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ("code",),
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("posted_on", models.DateField()),
                ("occurred_on", models.DateField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("posted", "Posted")], default="draft", max_length=6
                    ),
                ),
                ("number", models.PositiveBigIntegerField(null=True)),
                ("memo", models.TextField(blank=True)),
                ("payee", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField(null=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="periods.period"
                    ),
                ),
                (
                    "reversal_of",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="ledger.entry",
                    ),
                ),
                (
                    "year",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="periods.fiscalyear",
                    ),
                ),
                (
                    "journal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journal",
                    ),
                ),
                ("source", models.CharField(blank=True, db_default="", default="", max_length=160)),
            ],
            options={
                "verbose_name_plural": "entries",
                "permissions": [
                    ("post_entry", "Can post entries"),
                    ("draft_entry", "Can draft entries and discard drafts"),
                    ("reverse_entry", "Can reverse entries"),
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["posted_on", "id"], name="ledger_entry_by_day"),
                    models.Index(
                        condition=models.Q(("status", "draft")), fields=["period"], name="ledger_drafts"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("journal", "year", "number"), name="ledger_entry_number_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        fields=("source",),
                        name="ledger_entry_source_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("number__isnull", False),
                                ("posted_at__isnull", False),
                                ("status", "posted"),
                                ("year__isnull", False),
                            ),
                            models.Q(
                                ("number", None), ("posted_at", None), ("status", "draft"), ("year", None)
                            ),
                            _connector="OR",
                        ),
                        name="ledger_entry_is_numbered_when_posted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("occurred_on", None),
                            ("occurred_on__lt", models.F("posted_on")),
                            _connector="OR",
                        ),
                        name="ledger_entry_occurred_earlier",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reversal_of", None),
                            models.Q(("reversal_of", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="ledger_entry_does_not_reverse_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line_no", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("memo", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.account"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "ordering": ("line_no",),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "line_no"), name="ledger_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True), name="ledger_line_is_not_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gte", -1000000000000000), ("amount_minor__lte", 1000000000000000)
                        ),
                        name="ledger_line_within_limits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="ledger_line_currency"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("entries", models.PositiveIntegerField()),
                ("lines", models.PositiveIntegerField()),
                ("known", models.PositiveIntegerField(default=0)),
                ("job_id", models.BigIntegerField(null=True, unique=True)),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "permissions": [("import_journal", "Can import journals")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="StagedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("number", models.CharField(blank=True, max_length=120)),
                ("digest", models.CharField(max_length=64)),
                ("posted_on", models.DateField()),
                ("payee", models.CharField(blank=True, max_length=200)),
                ("narration", models.TextField(blank=True)),
                ("lines", models.JSONField()),
                (
                    "journal_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalimport",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("number", "")), fields=["digest"], name="ledger_staged_unnumbered"
                    ),
                    models.Index(fields=["posted_on"], name="ledger_staged_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("journal_import", "row"), name="ledger_staged_row_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("number", "digest"),
                        name="ledger_staged_entry_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("number", models.CharField(blank=True, max_length=120)),
                ("digest", models.CharField(max_length=64)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
                    ),
                ),
                (
                    "journal_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalimport",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("number", "")),
                        fields=["digest"],
                        name="ledger_imported_unnumbered",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("number", "digest"),
                        name="ledger_imported_entry_once",
                    ),
                ],
            },
        ),
    ]
