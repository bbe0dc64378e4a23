"""Imports with their progress, and the page that discards the rest of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import ReasonForm
from apps.jobs import queries as jobs
from apps.jobs.module import VIEW as JOBS_VIEW
from apps.ledger import queries
from apps.ledger.commands import DiscardImport, ImportJournal
from apps.ledger.import_models import JournalImport, StagedEntry

UNFINISHED, FINISHED = _("Unfinished"), _("Finished")


@admin.register(JournalImport, site=tenant_site)
class JournalImportAdmin(ReadOnlyAdmin):
    """Imported files, the latest first."""

    empty_message = _("Imported journals appear here, newest first.")
    creating_page = "import_journal"
    list_display = ("name", "imported_at", "entries", "lines", "known", "shown_state")
    list_filter = ("imported_at",)
    search_fields = ("name", "sha256")
    search_help_text = _("Name or SHA-256")
    ordering = ("-id",)
    fields = ("name", "imported_at", ("entries", "lines", "known"), "progress", "shown_sha256")
    readonly_fields = ("progress", "shown_sha256")

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalImport]:
        imports: QuerySet[JournalImport] = super().get_queryset(request)
        return imports.annotate(
            is_unfinished=Exists(StagedEntry.objects.filter(journal_import=OuterRef("pk")))
        )

    @display(description=_("Status"), label=Colours({FINISHED: "success", UNFINISHED: "warning"}))
    def shown_state(self, record: Any) -> str:
        return str(UNFINISHED if record.is_unfinished else FINISHED)

    @admin.display(description=_("SHA-256"))
    def shown_sha256(self, record: JournalImport) -> str:
        return format_html('<code class="console-json">{}</code>', record.sha256)

    @admin.display(description=_("Progress"))
    def progress(self, record: JournalImport) -> str:
        run = jobs.run_with_id(record.job_id) if record.job_id else None
        waiting = queries.entries_waiting(record)
        return render_to_string(
            "ledger/import_progress.html",
            {
                "record": record,
                "run": run,
                "done": record.entries - waiting,
                "is_running": bool(waiting and run and run.finished_at is None),
            },
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        if not request.user.has_perm(ImportJournal.permission):
            return ()
        return (Link(gettext("Import journal"), reverse("admin:import_journal"), "upload"),)

    def links(self, request: HttpRequest, obj: JournalImport) -> Sequence[Link]:
        links = []
        if obj.job_id and request.user.has_perm(JOBS_VIEW):
            links.append(
                Link(gettext("Job"), reverse("admin:jobs_run_change", args=[obj.job_id]), "pending_actions")
            )
        if queries.entries_waiting(obj) and request.user.has_perm(DiscardImport.permission):
            links.append(
                Link(gettext("Discard the rest"), reverse("admin:discard_import", args=[obj.pk]), "delete")
            )
        return links


class DiscardPage(CommandPage):
    command = DiscardImport
    form = ReasonForm
    danger = True

    def facts(self, server_fields: ServerFields) -> Facts:
        record = JournalImport.objects.filter(pk=server_fields["import_id"]).first()
        if record is None:
            raise Http404
        return (
            (gettext("File"), record.name),
            (gettext("Entries"), f"{record.entries:,}"),
            (gettext("Not posted"), f"{queries.entries_waiting(record):,}"),
        )

    def sentence(self, result: JournalImport) -> str:
        return gettext("The entries that were not posted are discarded.")

    def success_url(self, result: JournalImport) -> str:
        return reverse("admin:ledger_journalimport_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Accounting"),
        title=_("Imports"),
        icon="upload_file",
        url="admin:ledger_journalimport_changelist",
        permission="ledger.view_journalimport",
    ),
    hooks.Page(
        path="ledger/import/<int:import_id>/discard/",
        name="discard_import",
        title=DiscardImport.lazy_title(),
        permission=DiscardImport.permission,
        view=DiscardPage(),
    ),
)
