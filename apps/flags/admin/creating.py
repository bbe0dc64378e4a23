"""The form that creates a flag, with its first document as a draft."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import reason
from apps.flags.commands import CreateFlag
from apps.flags.models import Flag
from apps.flags.module import MANAGE
from apps.flags.policies import day_of_expiry, policy_of
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import DayField

from .documents import DocumentForm, document_of, place_problems

ABOUT = ("key", "category", "description", "owner", "expires_on", "reason")


class CreateForm(DocumentForm):
    key = forms.CharField(
        label=_("Key"),
        max_length=100,
        help_text=_("Letters, digits, dot, dash and underscore, such as sales.new-order-screen."),
    )
    category = forms.ChoiceField(label=_("Category"), choices=Flag.Category.choices)
    value_type = forms.ChoiceField(label=_("Type"), choices=Flag.ValueType.choices)
    posting = forms.BooleanField(
        label=_("Guards postings"),
        required=False,
        help_text=_("It then applies to whole companies, and does not change in an open period."),
    )
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea)
    owner = forms.EmailField(label=_("Owner"), max_length=254, help_text=_("Receives its alerts."))
    expires_on = DayField(label=_("Expires on"), help_text=_("Each category has a longest life."))
    reason = reason()
    field_order = ("key", "category", "value_type", "description", "owner", "expires_on", "posting")


class Create(CommandPage):
    command: type[Command] = CreateFlag
    form: type[forms.Form] = CreateForm

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        expiry = policy_of(Flag.Category.RELEASE).default_expiry(day_of_expiry())
        return {
            "initial": {
                "enabled": True,
                "variants": {"on": True, "off": False},
                "default_variant": "on",
                "off_variant": "off",
                "rules": [],
                "rollout": {"unit": "company", "percentage": 0},
                "related": {},
                "expires_on": expiry,
            }
        }

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        fields = form.cleaned_data
        base = {
            "format": 1,
            "key": fields["key"],
            "type": fields["value_type"],
            "bucketer": "bursar-1",
            "salt": fields["key"],
            "posting": fields["posting"],
        }
        return CreateFlag(document=document_of(fields, base), **{name: fields[name] for name in ABOUT})

    def refused(
        self,
        request: HttpRequest,
        refusal: Refusal,
        form: forms.Form,
        context: dict[str, Any],
        server_fields: ServerFields,
    ) -> HttpResponseBase:
        page = self._page(form, place_problems(form, refusal.refusals), server_fields)
        status = max(one.status for one in refusal.refusals)
        return TemplateResponse(request, self.template, context | page, status=status)

    def sentence(self, result: Flag) -> str:
        return gettext("The flag {key} is created. Its first revision is a draft: publish it.").format(
            key=result.key
        )

    def success_url(self, result: Flag) -> str:
        return reverse("admin:flags_flag_change", args=[result.pk])


hooks.plug(
    "operator",
    hooks.Page(
        path="flags/new/",
        name="create_flag",
        title=_("Create a flag"),
        permission=MANAGE,
        view=Create(),
        icon="add",
    ),
)
