"""The page that imports a journal: upload, preview, import; and the template of such a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch_once
from apps.bus.idempotency.keys import is_well_formed
from apps.console import hooks
from apps.console.admin import KEY
from apps.kernel.csv_lines import CONTENT_TYPE
from apps.kernel.errors import Refusal
from apps.ledger import journal_template
from apps.ledger.commands import ImportJournal
from apps.ledger.import_errors import RowFault, RowsRefused
from apps.ledger.import_models import JournalImport
from apps.ledger.import_plan import ImportPlan, plan_of
from apps.ledger.journal_file import FileEntry
from apps.settings.business_day import business_day

from .import_form import ImportForm

MAX_LISTED = 50
"""Rows of each table of the preview."""


class ImportPage:
    """Preview and import are buttons of one form. The import validates all again."""

    def __call__(self, request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
        is_sent = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if is_sent else ImportForm()
        command, plan, refusals = None, None, list[Refusal]()
        if is_sent and form.is_valid():
            try:
                command = form.command()
                if "import" in request.POST:
                    return self._done(request, _import(request, command))
                plan = plan_of(command)
                refusals = [*plan.refusals]
            except Refusal as refusal:
                refusals = [*refusal.refusals]
        page = {
            "form": _form_with_texts(form, command) if plan else form,
            "key": uuid4().hex,
            "description": ImportJournal.help_text(),
            **_refused(refusals),
            **(_preview(command, plan) if command and plan else {}),
        }
        status = max((refusal.status for refusal in refusals), default=200)
        return TemplateResponse(request, "ledger/import_journal.html", context | page, status=status)

    def _done(self, request: HttpRequest, record: JournalImport) -> HttpResponseBase:
        if record.entries:
            messages.success(request, gettext("The import of {name} has started.").format(name=record.name))
        else:
            messages.info(
                request, gettext("All entries of {name} are in the books already.").format(name=record.name)
            )
        return redirect("admin:ledger_journalimport_change", record.pk)


def _import(request: HttpRequest, command: ImportJournal) -> JournalImport:
    key = request.POST.get(KEY, "")
    outcome = dispatch_once(command, actor=request.user, key=key if is_well_formed(key) else uuid4().hex)
    record: JournalImport = outcome.result
    return record


def _form_with_texts(form: ImportForm, command: ImportJournal | None) -> ImportForm:
    """The form whose hidden fields have the texts of the files."""
    if command is None:
        return form
    texts = {"name": command.name, "journal": command.journal, "accounts": command.accounts}
    return ImportForm({**form.cleaned_data, **texts})


def _refused(refusals: Sequence[Refusal]) -> dict[str, Any]:
    """Refusals of rows are a table, and others are sentences."""
    rows = [refusal for refusal in refusals if isinstance(refusal, RowsRefused)]
    faults = [fault for refusal in rows for fault in refusal.faults]
    return {
        "refusals": [refusal for refusal in refusals if refusal not in rows],
        "refused": [(refusal.summary, refusal.code) for refusal in rows],
        "faults": [_cells(fault) for fault in faults[:MAX_LISTED]],
        "more_faults": max(0, len(faults) - MAX_LISTED),
        "fault_headers": (gettext("Row"), gettext("Column"), gettext("Reason")),
    }


def _cells(fault: RowFault) -> tuple[str, str, str]:
    return f"{fault.file} {fault.row}".strip(), fault.column, fault.sentence


def _preview(command: ImportJournal, plan: ImportPlan) -> dict[str, Any]:
    years = sorted(plan.years)
    facts = (
        (gettext("New entries"), f"{len(plan.new):,}"),
        (gettext("Lines"), f"{plan.lines:,}"),
        (gettext("Entries in the books already"), f"{len(plan.known):,}"),
        (gettext("Accounts to open"), f"{len(plan.accounts.opened):,}"),
        (gettext("Fiscal years to add"), _years(years)),
    )
    accounts = [(account.code, account.name, account.type) for account in plan.accounts.opened]
    return {
        "plan": plan,
        "file": command.name,
        "facts": facts,
        "may_import": not plan.refusals,
        "entries": [*_entries(plan)][:MAX_LISTED],
        "more_entries": max(0, len(plan.new) + len(plan.known) - MAX_LISTED),
        "accounts": accounts[:MAX_LISTED],
        "more_accounts": max(0, len(accounts) - MAX_LISTED),
        "account_headers": (gettext("Code"), gettext("Name"), gettext("Type")),
    }


def _years(years: Sequence[int]) -> str:
    if not years:
        return "0"
    listed = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    return gettext("{count} ({years})").format(count=len(years), years=listed)


def _entries(plan: ImportPlan) -> Iterator[dict[str, Any]]:
    known = {entry.row for entry in plan.known}
    for entry in sorted([*plan.new, *plan.known], key=lambda entry: entry.row):
        yield {
            "row": entry.row,
            "number": entry.number,
            "date": entry.posted_on.isoformat(),
            "narration": entry.narration,
            "amount": _debits(entry),
            "status": gettext("in the books") if entry.row in known else gettext("new"),
        }


def _debits(entry: FileEntry) -> str:
    totals: dict[str, Any] = {}
    for line in entry.lines:
        if line.money.minor > 0:
            code = line.money.currency.code
            totals[code] = totals[code] + line.money if code in totals else line.money
    return ", ".join(str(total) for total in totals.values())


def template(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """An example, which can be imported when missing accounts are opened."""
    return HttpResponse(
        journal_template.template(business_day()),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": 'attachment; filename="journal-template.csv"'},
    )


hooks.plug(
    "tenant",
    hooks.Page(
        path="ledger/import/",
        name="import_journal",
        title=ImportJournal.lazy_title(),
        permission=ImportJournal.permission,
        view=ImportPage(),
    ),
    hooks.Page(
        path="ledger/import/template/",
        name="import_template",
        title=_("Template of a journal"),
        permission=ImportJournal.permission,
        view=template,
    ),
)
