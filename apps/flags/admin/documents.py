"""Forms of a flag's document: the common parts as fields, variants and rules as readable JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.widgets import Form
from apps.flags.errors import FlagInvalid
from apps.identity import queries as identity
from apps.kernel.errors import Refusal
from apps.kernel.limits import LIMITS
from apps.kernel.notation.form_fields import AmountField, ExactJSONField
from apps.modules import registry

from .wording import UNITS

FIELDS_OF_PLACES = {
    "enabled": "enabled",
    "variants": "variants",
    "default_variant": "default_variant",
    "off_variant": "off_variant",
    "entitlement": "entitlement",
    "roles": "roles",
    "prerequisites": "related",
    "requires": "related",
    "excludes": "related",
    "implies": "related",
    "rules": "rules",
    "rollout": "rollout",
}
"""The form field for the first part of a place in the document."""
RELATED = ("prerequisites", "requires", "excludes", "implies")


class IndentedJSONField(ExactJSONField):
    """JSON as people read and edit it."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class PercentageField(AmountField):
    """0 to 100, in steps of 0.001."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_value": 100, "decimal_places": 3} | options)


def _json(label: Any, help_text: Any, required: bool = False) -> IndentedJSONField:
    return IndentedJSONField(label=label, help_text=help_text, required=required, widget=forms.Textarea)


class DocumentForm(Form):
    enabled = forms.BooleanField(label=_("Enabled"), required=False)
    default_variant = forms.CharField(
        label=_("Default variant"),
        max_length=100,
        required=False,
        help_text=_("Served where every layer is open. Empty: the default of the caller."),
    )
    off_variant = forms.CharField(
        label=_("Variant for off"),
        max_length=100,
        required=False,
        help_text=_("Served where a layer is closed. Empty: the default of the caller."),
    )
    entitlement = forms.ChoiceField(
        label=_("Entitlement"), required=False, help_text=_("What the plan of a tenant must include.")
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One of these. Without any, every role."),
    )
    variants = _json(_("Variants"), _("Name and value of each."), required=True)
    rules = _json(
        _("Rules"),
        _("In their order: the first that matches decides. Each has a name, when, and serve or split."),
    )
    rollout = _json(
        _("Rollout"),
        _(
            "Unit and percentage, or unit, stages with percentage and dwell_s, canary and guards. Empty: everyone."
        ),
    )
    related = _json(_("Other flags"), _("Members: prerequisites, requires, excludes, implies."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        present = (self.initial or {}).get("entitlement")
        names = [module.name for module in registry.modules() if module.licensed] + sorted(LIMITS)
        if present and present not in names:
            names.append(present)
        self.offer("entitlement", [("", gettext("none")), *((name, name) for name in names)])
        self.offer("roles", [(name, name) for name in identity.standard_roles()])
        self.apply_widgets()
        for name in ("variants", "rules", "rollout", "related"):
            self.fields[name].widget.attrs.update(rows=10 if name == "rules" else 5, spellcheck="false")


def fields_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for a document."""
    return {
        "enabled": document.get("enabled", True),
        "default_variant": document.get("default_variant") or "",
        "off_variant": document.get("off_variant") or "",
        "entitlement": document.get("entitlement") or "",
        "roles": list(document.get("roles") or ()),
        "variants": document.get("variants") or {},
        "rules": document.get("rules") or [],
        "rollout": document.get("rollout"),
        "related": {name: document[name] for name in RELATED if document.get(name)},
    }


def document_of(fields: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The base with what the form has; members that the form lacks stay as they are."""
    related = fields["related"] or {}
    return {
        **{name: value for name, value in base.items() if name not in RELATED},
        "enabled": fields["enabled"],
        "default_variant": fields["default_variant"] or None,
        "off_variant": fields["off_variant"] or None,
        "entitlement": fields["entitlement"] or None,
        "roles": list(fields["roles"]),
        "variants": fields["variants"],
        "rules": fields["rules"] or [],
        "rollout": fields["rollout"] or None,
        **(related if isinstance(related, Mapping) else {"prerequisites": related}),
    }


def place_problems(form: forms.Form, refusals: Sequence[Refusal]) -> Sequence[Refusal]:
    """Writes each problem of the document beside its field, and returns all others."""
    others = []
    for refusal in refusals:
        place = str(refusal.context.get("place", "")) if isinstance(refusal, FlagInvalid) else ""
        field = FIELDS_OF_PLACES.get(place.strip("/").partition("/")[0], "")
        if field in form.fields:
            form.add_error(field, f"{place}: {refusal.context.get('why', refusal)}")
        else:
            others.append(refusal)
    return others


def unit_choices() -> Sequence[tuple[str, str]]:
    return [(name, str(title)) for name, title in UNITS.items()]
