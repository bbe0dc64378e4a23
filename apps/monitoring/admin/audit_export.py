"""The page that exports the audit log by a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.models import Record
from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.errors import FilterMalformed, FilterUnknown
from apps.console.widgets import Form
from apps.kernel.errors import Refusal
from apps.kernel.notation import parse_instant
from apps.kernel.notation.form_fields import DayField
from apps.monitoring.commands import ExportAuditLog

from .audit_pages import criteria_of

if TYPE_CHECKING:
    from apps.jobs.models import Run

DAYS = ("since", "until")


class ExportForm(Form):
    since = DayField(required=False, label=_("First day"))
    until = DayField(required=False, label=_("Before the day"))
    text = forms.CharField(required=False, label=_("Text in sentence, actor or reason"), max_length=200)
    command = forms.CharField(required=False, label=_("Command"), max_length=80)
    outcome = forms.ChoiceField(required=False, label=_("Outcome"))
    retention = forms.CharField(required=False, label=_("Retention"), max_length=20)
    subject_type = forms.CharField(required=False, label=_("Type of the object"), max_length=80)
    subject_id = forms.CharField(required=False, label=_("Number of the object"), max_length=80)
    impersonator_name = forms.CharField(required=False, label=_("Impersonated by"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(
            "outcome",
            [("", gettext("All")), *((value, str(label)) for value, label in Record.Outcome.choices)],
        )


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Raises FilterUnknown, FilterRepeated, FilterMalformed."""
    criteria: dict[str, Any] = criteria_of(request)
    for name in criteria.keys() - ExportForm.base_fields.keys():
        raise FilterUnknown(name=name)
    try:
        days = {name: localdate(parse_instant(criteria[name])) for name in DAYS if name in criteria}
    except Refusal as refusal:
        raise FilterMalformed from refusal
    return criteria | days


class ExportAuditLogPage(CommandPage):
    command = ExportAuditLog
    form = ExportForm

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        """The form starts with the filters in the address, which are those of the list."""
        return super().__call__(request, context=context, **server_fields, initial=_initial(request))

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"initial": server_fields["initial"]}

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return ExportAuditLog(
            filters={name: str(value) for name, value in form.cleaned_data.items() if value}
        )

    def sentence(self, result: Run) -> str:
        return gettext("{result} has started. Its page has the file when it is done.").format(result=result)

    def success_url(self, result: Any) -> str:
        return reverse("admin:jobs_run_change", args=[result.pk])


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="audit/export/job/",
            name="export_audit_log",
            title=ExportAuditLog.lazy_title(),
            permission=ExportAuditLog.permission,
            view=ExportAuditLogPage(),
        ),
    )
