"""Pages for settings: the list, and changing a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.bus.edits import Values
from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form
from apps.kernel import strict_json

from . import queries
from .commands import ChangeSetting
from .definitions import all_definitions, declared

VIEW, MANAGE = "settings.view_setting", "settings.manage_settings"


def settings_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = [
        {
            "setting": setting,
            "value": json.dumps(queries.value(setting)),
            "is_default": queries.value(setting) == setting.default,
            "change": reverse("admin:change_setting", args=[setting.key]),
        }
        for setting in all_definitions()
    ]
    may_change = request.user.has_perm(MANAGE)
    return TemplateResponse(
        request, "settings/settings.html", context | {"rows": rows, "may_change": may_change}
    )


class Value(Form):
    value = forms.CharField(help_text=_("As JSON: 12, true, or “a text” in quotation marks."))

    def clean_value(self) -> Any:
        try:
            return strict_json.loads(self.cleaned_data["value"])
        except strict_json.NotStrictJSON as why:
            raise ValidationError(gettext("This is not JSON: {why}.").format(why=why)) from None


class Change(EditPage):
    command = ChangeSetting
    form = Value

    def initial(self, values: Values) -> Mapping[str, Any]:
        return {"value": json.dumps(values["value"])}

    def entered(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.initial(fields)

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return ChangeSetting(key=server_fields["key"], value=form.cleaned_data["value"])

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        setting = declared(server_fields["key"])
        return (
            (gettext("Setting"), setting.key),
            (gettext("Description"), str(setting.description)),
            (gettext("Type"), setting.type.__name__),
            *(((gettext("Range"), setting.range),) if setting.range else ()),
            (gettext("Default"), json.dumps(setting.default)),
        )

    def sentence(self, result: Any) -> str:
        return gettext("{key} is {value} now.").format(key=result.key, value=json.dumps(result.value))

    def success_url(self, result: Any) -> str:
        return "admin:settings"


hooks.plug(
    "tenant",
    hooks.Page(
        path="settings/",
        name="settings",
        title=_("Settings"),
        permission=VIEW,
        view=settings_page,
        group=_("Company"),
        icon="tune",
    ),
    hooks.Page(
        path="settings/<str:key>/change/",
        name="change_setting",
        title=_("Change setting"),
        permission=MANAGE,
        view=Change(),
    ),
)
