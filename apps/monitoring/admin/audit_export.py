"""The page that exports the audit log by a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form
from apps.kernel.notation.form_fields import DayField
from apps.monitoring.commands import ExportAuditLog

if TYPE_CHECKING:
    from apps.jobs.models import Run


class ExportForm(Form):
    since = DayField(required=False, label=_("First day"))
    until = DayField(required=False, label=_("Before the day"))
    text = forms.CharField(required=False, label=_("Text in sentence, actor or reason"), max_length=200)


class ExportAuditLogPage(CommandPage):
    command = ExportAuditLog
    form = ExportForm

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
