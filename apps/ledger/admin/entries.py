"""Pages for entries: the list, the lines of an entry, and its commands."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.lists.amounts import amount_column, cell
from apps.console.lists.bulk import BulkCommand
from apps.console.related import Kind, describe
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, reason
from apps.kernel.errors import Refusal
from apps.kernel.money import Money
from apps.kernel.notation.form_fields import DayField
from apps.kernel.notation.shown import shown_day
from apps.kernel.search import May
from apps.ledger.commands import DiscardDraft, ImportJournal, PostDraft, ReverseEntry
from apps.ledger.hooks import document_of
from apps.ledger.models import Entry, EntryLine
from apps.ledger.reversal_rules import must_be_reversible
from apps.ledger.search import ENTRIES
from apps.settings.business_day import business_day

VIEW, REVERSED = "ledger.view_entry", _("Reversed")


class LineInline(ReadOnlyInline):
    model = EntryLine
    fields = ("line_no", "account", "memo", "currency", "shown_debit", "shown_credit")
    readonly_fields = fields
    verbose_name_plural = _("lines")

    @admin.display(description=_("Debit"))
    def shown_debit(self, line: EntryLine) -> str:
        return cell(f"{line.debit:,}") if line.amount_minor > 0 else ""

    @admin.display(description=_("Credit"))
    def shown_credit(self, line: EntryLine) -> str:
        return cell(f"{line.credit:,}") if line.amount_minor < 0 else ""


@admin.register(Entry, site=tenant_site)
class EntryAdmin(ReadOnlyAdmin):
    """All entries, the latest first."""

    empty_message = _("Posted journal entries appear here, newest first.")
    creating_page = "new_entry"
    bulk = (
        BulkCommand(
            name="post_drafts",
            title=_("Post drafts"),
            command=PostDraft,
            build=lambda entry, _: PostDraft(entry_id=entry.pk),
            sentence=lambda entry: gettext("Posted on {posted_on} as {entry}.").format(
                posted_on=shown_day(entry.posted_on), entry=entry
            ),
            order=("posted_on", "pk"),
        ),
    )
    list_display = ("shown_number", "posted_on", "journal", "memo", "payee", "turnover", "shown_status")
    list_filter = ("status", "journal", "period")
    search = ENTRIES
    search_help_text = _("Number, memo, payee, reference, or the amount of a line")
    date_hierarchy = "posted_on"
    ordering = ("-posted_on", "-id")
    inlines = (LineInline,)
    fields = (
        ("shown_number", "shown_status"),
        ("posted_on", "occurred_on", "period", "journal"),
        ("memo", "payee", "reference"),
        ("created_at", "posted_at"),
        ("reversal_of", "reversed_by"),
    )
    readonly_fields = ("shown_number", "shown_status", "reversed_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        entries: QuerySet[Entry] = super().get_queryset(request)
        return entries.select_related(
            "journal", "year", "period", "reversal__journal", "reversal__year"
        ).prefetch_related("lines")

    @display(description=_("Number"), ordering="number")
    def shown_number(self, entry: Entry) -> str:
        return str(entry)

    @display(
        description=_("Status"),
        label=Colours({Entry.Status.POSTED: "success", Entry.Status.DRAFT: "warning", REVERSED: "info"}),
    )
    def shown_status(self, entry: Entry) -> str:
        return str(REVERSED) if entry.reversed_by else entry.get_status_display()

    @admin.display(description=_("Reversed by"))
    def reversed_by(self, entry: Entry) -> str:
        """A link to the reversal."""
        if not entry.reversed_by:
            return "—"
        page = reverse("admin:ledger_entry_change", args=[entry.reversed_by.pk])
        return format_html('<a href="{}">{}</a>', page, entry.reversed_by)

    turnover = amount_column(
        lambda entry: _turnover(entry),
        description=_("Amount"),
        minor="lines__amount_minor",
        code="lines__currency",
        condition=Q(lines__amount_minor__gt=0),
    )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        export = Link(gettext("Export"), reverse("admin:export_journal"), "download")
        if not request.user.has_perm(ImportJournal.permission):
            return (export,)
        return (Link(gettext("Import"), reverse("admin:import_journal"), "upload"), export)

    def links(self, request: HttpRequest, obj: Entry) -> Sequence[Link]:
        if not obj.is_posted:
            return (
                Link(gettext("Post"), reverse("admin:post_draft", args=[obj.pk]), "task_alt"),
                Link(gettext("Discard"), reverse("admin:discard_draft", args=[obj.pk]), "delete"),
            )
        if obj.reversed_by or document_of(obj.source):
            return ()
        return (Link(gettext("Reverse"), reverse("admin:reverse_entry", args=[obj.pk]), "undo"),)


class EntryCommand(CommandPage):
    """A command on one entry."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        entry = Entry.objects.with_numbers().filter(pk=server_fields["entry_id"]).first()
        if entry is None:
            return ((gettext("Entry"), gettext("No entry has this number.")),)
        return (
            (gettext("Entry"), str(entry)),
            (gettext("Date"), shown_day(entry.posted_on)),
            (gettext("Memo"), entry.memo or "—"),
        )

    def success_url(self, result: Entry) -> str:
        return reverse("admin:ledger_entry_change", args=[result.pk])


class Post(EntryCommand):
    command = PostDraft

    def sentence(self, result: Entry) -> str:
        return gettext("{result} is posted and can no longer change.").format(result=result)


class Discard(EntryCommand):
    command = DiscardDraft
    danger = True

    def sentence(self, result: Entry) -> str:
        return gettext("The draft is discarded.")

    def success_url(self, result: Entry) -> str:
        return "admin:ledger_entry_changelist"


class Reversal(Form):
    posted_on = DayField(label=_("Date"), initial=business_day)
    reason = reason()


class Reverse(EntryCommand):
    command = ReverseEntry
    form = Reversal

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        entry = Entry.objects.with_numbers().filter(pk=server_fields["entry_id"]).first()
        try:
            if entry:
                must_be_reversible(entry)
        except Refusal as refusal:
            return refusal.refusals
        return ()

    def sentence(self, result: Entry) -> str:
        return gettext("The entry is reversed by {result}.").format(result=result)


def _turnover(entry: Entry) -> list[Money]:
    """The debits of each currency."""
    totals: dict[str, Money] = {}
    for line in entry.lines.all():
        if line.amount_minor > 0:
            total = totals.get(line.currency)
            totals[line.currency] = total + line.money if total else line.money
    return [*totals.values()]


def _hits(entries: Sequence[Entry], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(entry),
            hooks.described(
                gettext("Entry of {posted_on}").format(posted_on=shown_day(entry.posted_on)),
                entry.payee,
                entry.memo,
                ", ".join(str(total) for total in _turnover(entry)),
                entry.get_status_display(),
            ),
            reverse("admin:ledger_entry_change", args=[entry.pk]),
            "receipt_long",
        )
        for entry in entries
    ]


describe(
    Kind(
        model="ledger.entry",
        title=_("Journal entries"),
        permission=VIEW,
        headers=(_("Entry"), _("Date"), _("Memo")),
        cells=lambda entry: (str(entry), shown_day(entry.posted_on), entry.memo),
    )
)
hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Accounting"),
        title=_("Entries"),
        icon="receipt_long",
        url="admin:ledger_entry_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/post/",
        name="post_draft",
        title=_("Post draft"),
        permission="ledger.post_entry",
        view=Post(),
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/discard/",
        name="discard_draft",
        title=_("Discard draft"),
        permission="ledger.draft_entry",
        view=Discard(),
    ),
    hooks.Page(
        path="ledger/entry/<int:entry_id>/reverse/",
        name="reverse_entry",
        title=_("Reverse entry"),
        permission="ledger.reverse_entry",
        view=Reverse(),
    ),
    hooks.RowSearch(
        permission=VIEW,
        search=ENTRIES,
        rows=lambda: Entry.objects.with_numbers().prefetch_related("lines").order_by("-posted_on", "-id"),
        hits=_hits,
    ),
)
