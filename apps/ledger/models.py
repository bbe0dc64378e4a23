"""Accounts, journals, entries and their lines. Their invariants are enforced by the database (migration 0002).

Imports of entries are in `import_models`.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.clock import now
from apps.kernel.models import Tracked
from apps.kernel.money import LARGEST, Money, currency

from . import import_models  # noqa: F401 - Django looks for models here


class AccountQuerySet(models.QuerySet["Account"]):
    def with_has_children(self) -> AccountQuerySet:
        """Annotates `has_children`: an account with children takes no postings."""
        return self.annotate(has_children=Exists(Account.objects.filter(parent=OuterRef("pk"))))


class Account(Tracked):
    """An account. Accounts form a tree; only its leaves take postings."""

    class Type(models.TextChoices):
        ASSET = "asset", _("Asset")
        LIABILITY = "liability", _("Liability")
        EQUITY = "equity", _("Equity")
        INCOME = "income", _("Income")
        EXPENSE = "expense", _("Expense")

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200, unique=True)
    type = models.CharField(max_length=9, choices=Type.choices)
    parent = models.ForeignKey(
        "ledger.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_active = models.BooleanField(default=True)

    history = field_history()
    objects = AccountQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_accounts", "Can open and deactivate accounts and journals")]
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                name="ledger_account_type",
                condition=Q(type__regex=r"^(asset|liability|equity|income|expense)$"),
            ),
            models.CheckConstraint(
                name="ledger_account_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
            ),
            models.CheckConstraint(name="ledger_account_is_named", condition=~Q(code="") & ~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Journal(Tracked):
    """A journal, whose entries are numbered without a gap in each fiscal year."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        default_permissions = ("view",)
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class EntryQuerySet(models.QuerySet["Entry"]):
    def posted(self) -> EntryQuerySet:
        return self.filter(status=Entry.Status.POSTED)

    def drafts(self) -> EntryQuerySet:
        return self.filter(status=Entry.Status.DRAFT)

    def with_numbers(self) -> EntryQuerySet:
        """Joins the relations that `str(entry)` reads."""
        return self.select_related("journal", "year")


class Entry(Tracked):
    """A journal entry, dated `posted_on`. A draft is posted once and then never changes.

    occurred_on  the earlier day of the booked fact, if its period was closed; None in other entries
    number  assigned by the database at posting, without a gap in its journal and fiscal year
    source  the business fact of the entry, such as "payment_confirmed:17", if any
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        POSTED = "posted", _("Posted")

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="+", db_index=False)
    period = models.ForeignKey("periods.Period", on_delete=models.PROTECT, related_name="+")
    posted_on = models.DateField()
    occurred_on = models.DateField(null=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.DRAFT)
    year = models.ForeignKey(
        "periods.FiscalYear", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    number = models.PositiveBigIntegerField(null=True)
    memo = models.TextField(blank=True)
    payee = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=160, blank=True, default="", db_default="")
    reversal_of = models.OneToOneField(
        "ledger.Entry", null=True, on_delete=models.PROTECT, related_name="reversal"
    )
    created_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("entries")
        default_permissions = ("view",)
        permissions = [
            ("post_entry", "Can post entries"),
            ("draft_entry", "Can draft entries and discard drafts"),
            ("reverse_entry", "Can reverse entries"),
        ]
        constraints = [
            models.UniqueConstraint(name="ledger_entry_number_once", fields=["journal", "year", "number"]),
            models.UniqueConstraint(
                name="ledger_entry_source_once", fields=["source"], condition=~Q(source="")
            ),
            models.CheckConstraint(
                name="ledger_entry_is_numbered_when_posted",
                condition=Q(
                    status="posted", number__isnull=False, year__isnull=False, posted_at__isnull=False
                )
                | Q(status="draft", number=None, year=None, posted_at=None),
            ),
            models.CheckConstraint(
                name="ledger_entry_occurred_earlier",
                condition=Q(occurred_on=None) | Q(occurred_on__lt=F("posted_on")),
            ),
            models.CheckConstraint(
                name="ledger_entry_does_not_reverse_itself",
                condition=Q(reversal_of=None) | ~Q(reversal_of=F("id")),
            ),
        ]
        indexes = [
            models.Index(name="ledger_entry_by_day", fields=["posted_on", "id"]),
            models.Index(name="ledger_drafts", fields=["period"], condition=Q(status="draft")),
        ]

    def __str__(self) -> str:
        if self.number is None or self.year is None:
            return gettext("draft {pk}").format(pk=self.pk)
        return f"{self.journal.code}-{self.year.code}-{self.number}"

    @property
    def is_posted(self) -> bool:
        return self.status == self.Status.POSTED

    @property
    def reversed_by(self) -> Entry | None:
        """Its reversal, if any."""
        return getattr(self, "reversal", None)

    def post(self) -> None:
        """Posts the draft. The database locks the period, checks the date and assigns the number; it checks the lines
        at COMMIT."""
        self.status, self.posted_at = self.Status.POSTED, now()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ledger_entry SET status = %s, posted_at = %s WHERE id = %s RETURNING number, year_id",
                [self.status, self.posted_at, self.pk],
            )
            self.number, year_id = cursor.fetchone()
        if self.period.year_id == year_id:
            self.year = self.period.year


class EntryLine(Tracked):
    """One side of an entry: `amount_minor` in minor units of `currency`, debit positive, credit negative."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_no = models.PositiveIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    memo = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("line_no",)
        constraints = [
            models.UniqueConstraint(name="ledger_line_once", fields=["entry", "line_no"]),
            models.CheckConstraint(name="ledger_line_is_not_zero", condition=~Q(amount_minor=0)),
            models.CheckConstraint(
                name="ledger_line_within_limits",
                condition=Q(amount_minor__gte=-LARGEST, amount_minor__lte=LARGEST),
            ),
            models.CheckConstraint(name="ledger_line_currency", condition=Q(currency__regex=r"^[A-Z]{3}$")),
        ]
        indexes = [models.Index(name="ledger_line_by_amount", fields=["amount_minor"])]

    def __str__(self) -> str:
        return f"{self.entry_id}.{self.line_no}"

    @property
    def money(self) -> Money:
        return Money(self.amount_minor, currency(self.currency))

    @property
    def debit(self) -> Decimal:
        return self.money.amount if self.amount_minor > 0 else Decimal(0)

    @property
    def credit(self) -> Decimal:
        return -self.money.amount if self.amount_minor < 0 else Decimal(0)
