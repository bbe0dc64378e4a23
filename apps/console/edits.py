"""Pages for commands that edit an existing thing.

The form carries the values that it was opened with. If the thing was edited meanwhile, nothing is stored: the page
compares these values with the present ones and with the input, and its form starts with the present values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from apps.audit.values import shown
from apps.bus import Command, Outcome, dispatch_once
from apps.bus.edits import Values, version_of
from apps.bus.errors import EditedMeanwhile
from apps.bus.registry import handled
from apps.kernel import strict_json
from apps.kernel.errors import Refusal

from .admin import CommandPage, ServerFields

OPENED_WITH = "opened_with"
"""The hidden input with the values that the form was opened with."""


@dataclass(frozen=True)
class Difference:
    """One field of the form after an edit by another person, as texts."""

    label: str
    opened_with: str
    present: str
    entered: str


class EditPage(CommandPage):
    """A subclass overrides `initial` if fields of the form are not named or written as the edited values, and `build`
    if the command is not made of the fields of the form."""

    template = "console/edit.html"

    def initial(self, values: Values) -> Mapping[str, Any]:
        """The fields of the form for these values."""
        return values

    def entered(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields of the form as they were entered, of its cleaned data."""
        return fields

    def values(self, server_fields: ServerFields) -> Values:
        edits = handled(self.command).edits
        if edits is None:
            raise TypeError(f"{self.command.__name__} edits nothing.")
        values = edits.values(server_fields[edits.key], False)
        if values is None:
            raise Http404
        return values

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"initial": self._initial_of(self.values(server_fields))}

    def send(self, request: HttpRequest, command: Command, key: str) -> Outcome:
        version = version_of(_opened_with(request))
        return dispatch_once(command, actor=request.user, key=key, version=version)

    def refused(
        self,
        request: HttpRequest,
        refusal: Refusal,
        form: forms.Form,
        context: dict[str, Any],
        server_fields: ServerFields,
    ) -> HttpResponseBase:
        if not isinstance(refusal, EditedMeanwhile):
            return super().refused(request, refusal, form, context, server_fields)
        present = self.values(server_fields)
        again = self.form(initial={**self.entered(form.cleaned_data), **self._initial_of(present)})
        context |= self._page(again, (), server_fields) | {
            "conflict": refusal,
            "differences": self._differences(_opened_with(request), present, form),
        }
        return TemplateResponse(request, self.template, context, status=refusal.status)

    def _page(
        self, form: forms.Form, refusals: Sequence[Refusal], server_fields: ServerFields
    ) -> dict[str, Any]:
        opened_with = (
            form.data[OPENED_WITH] if OPENED_WITH in form.data else form.initial.get(OPENED_WITH, "")
        )
        return super()._page(form, refusals, server_fields) | {OPENED_WITH: opened_with}

    def _initial_of(self, values: Values) -> dict[str, Any]:
        """One read is the source of both, so that the version is that of the values in the form."""
        return {**self.initial(values), OPENED_WITH: json.dumps(values, sort_keys=True)}

    def _differences(self, opened_with: Values, present: Values, form: forms.Form) -> list[Difference]:
        then, now = self._readable_initial(opened_with), self.initial(present)
        entered = self.entered(form.cleaned_data)
        rows = [
            Difference(
                str(field.label),
                *(_text(field, value) for value in (then.get(name), now[name], entered[name])),
            )
            for name, field in form.fields.items()
            if name in now
        ]
        return [row for row in rows if len({row.opened_with, row.present, row.entered}) > 1]

    def _readable_initial(self, values: Values) -> Mapping[str, Any]:
        """Empty for values that are not those of a form of this page, since the form comes from the browser."""
        try:
            return self.initial(values)
        except (AttributeError, LookupError, TypeError, ValueError):
            return {}


def _opened_with(request: HttpRequest) -> dict[str, Any]:
    """Empty, and so of no version, if the form carries none."""
    try:
        values = strict_json.loads(request.POST.get(OPENED_WITH, ""))
    except strict_json.NotStrictJSON:
        return {}
    return values if isinstance(values, dict) else {}


def _text(field: forms.Field, value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(field, member) for member in value) or shown("")
    if isinstance(field, forms.ChoiceField):
        labels = {str(choice): str(label) for choice, label in _flat(field.choices)}
        return labels.get(str(value), shown(value))
    return shown(value)


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    return [(choice, label) for choice, label in choices if not isinstance(label, list | tuple)]
