"""Cold storage and erasure of persons, in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import queries
from apps.audit.commands import ErasePerson, MoveToColdStorage
from apps.audit.erasure_plan import erasure_plan
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason
from apps.kernel.clock import today
from apps.kernel.notation.form_fields import DayField, WholeNumberField
from apps.kernel.notation.shown import shown_instant

MANAGE_RETENTION_PERMISSION = "audit.manage_retention"
ERASE_PERMISSION = "audit.erase_person"
LIST = "audit_record_changelist"


class MoveToColdStorageForm(Form):
    before = DayField(
        label=_("Written before"), initial=today, help_text=_("Each retention class has its own period.")
    )
    reason = reason()


class MoveToColdStoragePage(CommandPage):
    """Moves records past their retention to the object store, where they can still be verified."""

    command = MoveToColdStorage
    form = MoveToColdStorageForm
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        due = queries.due_for_cold_storage(form.cleaned_data["before"])
        return [
            (
                part.retention.capitalize(),
                gettext("{records:,} records in {segments:,} segments, retained for {years} years").format(
                    records=part.records, segments=part.segments, years=part.years
                ),
            )
            for part in due
        ] or [(gettext("To move"), gettext("No record is past its retention."))]

    def sentence(self, result: Any) -> str:
        return gettext("Moved to cold storage: {result}.").format(result=result)

    def success_url(self, result: Any) -> str:
        return "admin:audit_integrity"


class EraseForm(Form):
    user_id = WholeNumberField(label=_("User number"), required=False)
    texts = forms.CharField(
        label=_("Texts that name the person"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("E-mail address and full name, one per line."),
    )
    reason = reason()

    def clean_texts(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.cleaned_data["texts"].splitlines() if line.strip())


class Erase(CommandPage):
    """Erases a person's names and texts; the hash chain stays valid."""

    command = ErasePerson
    form = EraseForm
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        plan = erasure_plan(form.cleaned_data["user_id"], form.cleaned_data["texts"])
        retained = (
            gettext("{retained:,}, until {retained_until}").format(
                retained=plan.retained, retained_until=shown_instant(plan.retained_until)
            )
            if plan.retained_until
            else gettext("none")
        )
        return [(gettext("Records to erase"), plan.size), (gettext("Retained by law"), retained)]

    def sentence(self, result: Any) -> str:
        return gettext("Erased from {result}.").format(result=result)

    def success_url(self, result: Any) -> str:
        return f"admin:{LIST}"


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="audit/move-to-cold-storage/",
            name="move_to_cold_storage",
            title=_("Move to cold storage"),
            permission=MANAGE_RETENTION_PERMISSION,
            view=MoveToColdStoragePage(),
        ),
        hooks.Page(
            path="audit/erase-person/",
            name="erase_person",
            title=_("Erase a person"),
            permission=ERASE_PERMISSION,
            view=Erase(),
        ),
    )
