"""The books, in the tenant's console."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import display

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Given, Link, ReadOnlyAdmin, ReadOnlyInline
from apps.console.sites import tenant_site
from apps.console.widgets import Form, reason
from apps.kernel.clock import today

from . import queries
from .commands import DiscardDraft, OpenAccount, OpenJournal, PostDraft, ReverseEntry
from .entry_form import NewEntry
from .models import Account, Entry, EntryLine, Journal

VIEW = "ledger.view_entry"


class LineInline(ReadOnlyInline):
    model = EntryLine
    fields = ("line_no", "account", "memo", "currency", "shown_debit", "shown_credit")
    readonly_fields = fields
    verbose_name_plural = "lines"

    @admin.display(description="Debit")
    def shown_debit(self, line: EntryLine) -> str:
        return f"{line.debit:,}" if line.minor > 0 else ""

    @admin.display(description="Credit")
    def shown_credit(self, line: EntryLine) -> str:
        return f"{line.credit:,}" if line.minor < 0 else ""


@admin.register(Entry, site=tenant_site)
class EntryAdmin(ReadOnlyAdmin):
    """Every entry, newest first."""

    list_display = ("shown_number", "posted_on", "journal", "memo", "payee", "turnover", "shown_status")
    list_filter = ("status", "journal", "period")
    search_fields = ("memo", "payee", "reference")
    search_help_text = "Memo, payee or reference"
    date_hierarchy = "posted_on"
    ordering = ("-posted_on", "-id")
    inlines = (LineInline,)
    fields = (
        ("shown_number", "shown_status"),
        ("posted_on", "period", "journal"),
        ("memo", "payee", "reference"),
        ("created_at", "posted_at", "reversal_of"),
    )
    readonly_fields = ("shown_number", "shown_status")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        entries: QuerySet[Entry] = super().get_queryset(request)
        return entries.select_related("journal", "year", "period").prefetch_related("lines")

    @display(description="Number", ordering="number")
    def shown_number(self, entry: Entry) -> str:
        return str(entry)

    @display(description="Status", label={"Posted": "success", "Draft": "warning"})
    def shown_status(self, entry: Entry) -> str:
        return entry.get_status_display()

    @admin.display(description="Amount")
    def turnover(self, entry: Entry) -> str:
        totals: dict[str, Any] = {}
        for line in entry.lines.all():
            if line.minor > 0:
                totals[line.currency] = (
                    totals[line.currency] + line.money if line.currency in totals else line.money
                )
        return ", ".join(str(total) for total in totals.values())

    def links(self, request: HttpRequest, obj: Entry) -> Sequence[Link]:
        if not obj.is_posted:
            return (
                Link("Post", reverse("admin:post_draft", args=[obj.pk]), "task_alt"),
                Link("Discard", reverse("admin:discard_draft", args=[obj.pk]), "delete"),
            )
        return (Link("Reverse", reverse("admin:reverse_entry", args=[obj.pk]), "undo"),)


@admin.register(Account, site=tenant_site)
class AccountAdmin(ReadOnlyAdmin):
    """The chart of accounts."""

    list_display = ("code", "name", "type", "parent", "is_active")
    list_filter = ("type", "is_active")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("code",)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link("Open an account", reverse("admin:open_account"), "playlist_add"),)


@admin.register(Journal, site=tenant_site)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("code", "name")
    ordering = ("code",)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link("Open a journal", reverse("admin:open_journal"), "library_add"),)


class EntryCommand(CommandPage):
    """Something that is done to one entry."""

    def facts(self, given: Given) -> Sequence[tuple[str, str]]:
        entry = Entry.objects.with_numbers().filter(pk=given["entry_id"]).first()
        if entry is None:
            return (("Entry", "There is none with this number."),)
        return (("Entry", str(entry)), ("Date", f"{entry.posted_on:%d %B %Y}"), ("Memo", entry.memo or "—"))

    def back(self, result: Entry) -> str:
        return reverse("admin:ledger_entry_change", args=[result.pk])


class Post(EntryCommand):
    command = PostDraft

    def sentence(self, result: Entry) -> str:
        return f"{result} is posted and will not change again."


class Discard(EntryCommand):
    command = DiscardDraft
    danger = True

    def sentence(self, result: Entry) -> str:
        return "The draft is discarded."

    def back(self, result: Entry) -> str:
        return "admin:ledger_entry_changelist"


class Reversal(Form):
    posted_on = forms.DateField(label="Date", initial=today)
    reason = reason()


class Reverse(EntryCommand):
    command = ReverseEntry
    form = Reversal

    def sentence(self, result: Entry) -> str:
        return f"It is reversed by {result}."


class NewAccount(Form):
    code = forms.CharField(max_length=32)
    name = forms.CharField(max_length=200)
    type = forms.ChoiceField(choices=Account.Type.choices)
    parent = forms.CharField(
        max_length=32, required=False, help_text="The code of the account it belongs under."
    )


class Open(CommandPage):
    command = OpenAccount
    form = NewAccount

    def sentence(self, result: Account) -> str:
        return f"The account {result} is open."

    def back(self, result: Account) -> str:
        return "admin:ledger_account_changelist"


class NewJournal(Form):
    code = forms.CharField(max_length=16)
    name = forms.CharField(max_length=120)


class OpenAJournal(CommandPage):
    command = OpenJournal
    form = NewJournal

    def sentence(self, result: Journal) -> str:
        return f"The journal {result} is open."

    def back(self, result: Journal) -> str:
        return "admin:ledger_journal_changelist"

    def build(self, form: forms.Form, given: Given) -> Command:
        return OpenJournal(**form.cleaned_data)


COLUMNS = ("month", "code", "account", "type", "currency", "opening", "debit", "credit", "closing")


def trial_balance(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    by = "month" if request.GET.get("by") == "month" else "total"
    rows = queries.trial_balance(by=by)  # type: ignore[arg-type]  # one of the two
    if request.GET.get("format") == "csv":
        return _csv(rows)
    return TemplateResponse(request, "console/trial_balance.html", context | {"rows": rows, "by": by})


def _csv(rows: Sequence[queries.TrialBalanceRow]) -> HttpResponse:
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="trial-balance.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for row in rows:
        values = [getattr(row, column) for column in COLUMNS]
        writer.writerow([_harmless(value) if isinstance(value, str) else value for value in values])
    return response


def _harmless(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@|%＝＋－＠") and text.strip() else text


def _this_month() -> str:
    return f"{queries.figures(today()).entries_this_month:,}"


def _turnover() -> str:
    turnover = queries.figures(today()).turnover
    return "turnover " + ", ".join(str(each) for each in turnover) if turnover else "nothing was posted yet"


def _drafts() -> str:
    return f"{queries.figures(today()).drafts:,}"


def _assets() -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in queries.trial_balance(by="total"):
        if row.type == Account.Type.ASSET:
            totals[row.currency] = totals.get(row.currency, Decimal(0)) + row.closing
    return totals


def _asset_total() -> str:
    return " · ".join(f"{total:,.0f}" for total in _assets().values()) or "0"


def _asset_currencies() -> str:
    return " · ".join(_assets()) + ", as posted so far"


def _income_and_expense() -> hooks.Plot:
    """In the currency that is used most; the others are in the trial balance."""
    months = queries.income_and_expense(months=12)
    used = [month.currency for month in months if month.income or month.expense]
    iso = max(set(used), key=used.count) if used else ""
    shown = [month for month in months if month.currency == iso]
    return hooks.Plot(
        [month.month for month in shown],
        [
            hooks.Series("Income", [str(month.income) for month in shown], "--color-primary-600"),
            hooks.Series("Expense", [str(month.expense) for month in shown], "--color-base-400"),
        ],
        unit=iso,
    )


def _latest() -> Sequence[Sequence[Any]]:
    return [
        [
            (str(entry), reverse("admin:ledger_entry_change", args=[entry.pk])),
            f"{entry.posted_on:%d %b}",
            entry.memo,
        ]
        for entry in queries.latest_entries(8)
    ]


def _find_entries(term: str) -> Sequence[hooks.Found]:
    entries = Entry.objects.filter(memo__icontains=term) | Entry.objects.filter(payee__icontains=term)
    return [
        hooks.Found(
            f"{entry} {entry.memo}",
            f"Entry of {entry.posted_on:%d %b %Y} {entry.payee}",
            reverse("admin:ledger_entry_change", args=[entry.pk]),
            "receipt_long",
        )
        for entry in entries.with_numbers().order_by("-posted_on", "-id")[:8]
    ]


def _find_accounts(term: str) -> Sequence[hooks.Found]:
    accounts = Account.objects.filter(code__istartswith=term) | Account.objects.filter(name__icontains=term)
    return [
        hooks.Found(
            str(account),
            account.get_type_display(),
            reverse("admin:ledger_account_change", args=[account.pk]),
            "toc",
        )
        for account in accounts.order_by("code")[:8]
    ]


hooks.plug(
    "tenant",
    hooks.Page(
        path="ledger/new-entry/",
        name="new_entry",
        title="New entry",
        permission="ledger.draft_entry",
        view=NewEntry(),
        group="Books",
        icon="post_add",
    ),
    hooks.MenuItem(
        group="Books",
        title="Entries",
        icon="receipt_long",
        url="admin:ledger_entry_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="ledger/trial-balance/",
        name="trial_balance",
        title="Trial balance",
        permission=VIEW,
        view=trial_balance,
        group="Books",
        icon="balance",
    ),
    hooks.MenuItem(
        group="Books",
        title="Accounts",
        icon="toc",
        url="admin:ledger_account_changelist",
        permission="ledger.view_account",
    ),
    hooks.MenuItem(
        group="Books",
        title="Journals",
        icon="menu_book",
        url="admin:ledger_journal_changelist",
        permission="ledger.view_journal",
    ),
    hooks.Page(
        path="ledger/open-account/",
        name="open_account",
        title="Open an account",
        permission="ledger.manage_accounts",
        view=Open(),
    ),
    hooks.Page(
        path="ledger/open-journal/",
        name="open_journal",
        title="Open a journal",
        permission="ledger.manage_accounts",
        view=OpenAJournal(),
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/post/",
        name="post_draft",
        title="Post draft",
        permission="ledger.post_entry",
        view=Post(),
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/discard/",
        name="discard_draft",
        title="Discard draft",
        permission="ledger.draft_entry",
        view=Discard(),
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/reverse/",
        name="reverse_entry",
        title="Reverse entry",
        permission="ledger.reverse_entry",
        view=Reverse(),
    ),
    hooks.Figure(
        title="Entries this month",
        permission=VIEW,
        icon="receipt_long",
        value=_this_month,
        note=_turnover,
        link="admin:ledger_entry_changelist",
    ),
    hooks.Figure(
        title="Drafts",
        permission=VIEW,
        icon="edit_note",
        value=_drafts,
        note=lambda: "a draft keeps its period open",
        link="admin:ledger_entry_changelist",
    ),
    hooks.Figure(
        title="Assets",
        permission=VIEW,
        icon="account_balance_wallet",
        value=_asset_total,
        note=_asset_currencies,
        link="admin:trial_balance",
    ),
    hooks.Chart(title="Income and expense by month", permission=VIEW, plot=_income_and_expense),
    hooks.Table(
        title="Latest entries",
        permission=VIEW,
        headers=("Number", "Date", "Memo"),
        rows=_latest,
        empty="Post the first entry from the menu.",
        link="admin:ledger_entry_changelist",
    ),
    hooks.Search(permission=VIEW, find=_find_entries),
    hooks.Search(permission="ledger.view_account", find=_find_accounts),
)
