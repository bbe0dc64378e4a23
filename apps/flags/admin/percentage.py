"""The slider: the share of users, companies or tenants, with its effect on the population before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command, dispatch
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import Form
from apps.console.widgets import reason as reason_field
from apps.flags import previews
from apps.flags.commands import UpdateFlag
from apps.flags.models import ChangeSet
from apps.flags.module import MANAGE
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import WholeNumberField

from .change_sets import page_of
from .documents import PercentageField, unit_choices
from .editing import published_of
from .effect import sentence_of
from .kills import flag_with_id

PREVIEWED = "A preview"


class PercentageForm(Form):
    percentage = PercentageField(label=_("Percentage"))
    unit = forms.ChoiceField(label=_("Of"))
    base = WholeNumberField(widget=forms.HiddenInput)
    reason = reason_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("unit", unit_choices())
        self.apply_widgets()
        self.fields["percentage"].widget.attrs["data-slid"] = ""
        if "preview" in self.data:  # nothing is stored, so it needs no reason
            self.fields["reason"].required = False


class Percentage(CommandPage):
    command: type[Command] = UpdateFlag
    form: type[forms.Form] = PercentageForm
    template = "flags/percentage.html"
    previews = True

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        document, base = published_of(flag_with_id(server_fields["flag_id"]))
        rollout = document.get("rollout") or {}
        share = f"{rollout.get('percentage', 0 if 'stages' in rollout else 100):g}"
        return {"initial": {"percentage": share, "unit": rollout.get("unit", "user"), "base": base}}

    def build(self, form: forms.Form, server_fields: ServerFields) -> UpdateFlag:
        flag = flag_with_id(server_fields["flag_id"])
        document, fields = published_of(flag)[0], form.cleaned_data
        unchanged = {
            name: value
            for name, value in (document.get("rollout") or {}).items()
            if name not in ("stages", "guards")
        }
        rollout = {**unchanged, "unit": fields["unit"], "percentage": float(fields["percentage"])}
        return UpdateFlag(
            key=flag.key,
            document={**document, "rollout": rollout},
            base=fields["base"],
            reason=fields["reason"],
        )

    def facts(self, server_fields: ServerFields) -> Facts:
        flag = flag_with_id(server_fields["flag_id"])
        rollout = published_of(flag)[0].get("rollout") or {}
        facts = [(gettext("Flag"), flag.key)]
        if "stages" in rollout:
            facts.append(
                (gettext("Stages"), gettext("The percentage replaces the planned stages and their guards."))
            )
        return facts

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        """By the query that computes the effect of a draft, on a draft that is rolled back."""
        command = self.build(form, server_fields)
        facts = list(self.facts(server_fields))
        try:
            return (*facts, (gettext("Effect"), effect_text(command)))
        except Refusal as refusal:
            return (*facts, *((gettext("Refused"), str(one)) for one in refusal.refusals))

    def _page(
        self, form: forms.Form, refusals: Sequence[Refusal], server_fields: ServerFields
    ) -> dict[str, Any]:
        return super()._page(form, refusals, server_fields) | {"button": gettext("Store as a draft")}

    def sentence(self, result: ChangeSet) -> str:
        return gettext("The draft is stored. Check its effect, then publish it.")

    def success_url(self, result: ChangeSet) -> str:
        return page_of(result)


class _NotStored(Exception):
    """Rolls the draft back."""


def effect_text(command: UpdateFlag) -> str:
    if not previews.is_small():
        return gettext("There are many tenants: a worker computes the effect of the draft.")
    values = {**vars(command), "reason": command.reason or PREVIEWED}
    try:
        with unit_of_work():
            change_set: ChangeSet = dispatch(UpdateFlag(**values), actor=System(PREVIEWED))
            comparison = previews.comparison_of(change_set)
            raise _NotStored
    except _NotStored:
        return sentence_of(previews.effect_of(comparison))


hooks.plug(
    "operator",
    hooks.Page(
        path="flags/<int:flag_id>/percentage/",
        name="flag_percentage",
        title=_("Percentage of a flag"),
        permission=MANAGE,
        view=Percentage(),
    ),
)
