"""The page that exports posted entries."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage
from apps.console.widgets import Form
from apps.jobs.models import Run
from apps.kernel.notation.form_fields import DayField
from apps.ledger.commands import ExportJournal


class ExportForm(Form):
    since = DayField(required=False, label=_("First day"))
    until = DayField(required=False, label=_("Last day"))


class ExportJournalPage(CommandPage):
    command = ExportJournal
    form = ExportForm

    def sentence(self, result: Run) -> str:
        return gettext("{result} has started. Its page has the file when it is done.").format(result=result)

    def success_url(self, result: Run) -> str:
        return reverse("admin:jobs_run_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.Page(
        path="ledger/export/",
        name="export_journal",
        title=ExportJournal.lazy_title(),
        permission=ExportJournal.permission,
        view=ExportJournalPage(),
    ),
)
