"""“Why is this on?”: every layer of an evaluation for a user, with the one that decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.widgets import Form
from apps.flags import queries
from apps.flags.engine import Explanation, Layer
from apps.flags.module import VIEW
from apps.identity import queries as identity
from apps.kernel.db.tenant_transaction import within
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import WholeNumberField
from apps.kernel.tenant import TenantInfo
from apps.tenancy.queries import tenant_named

from .narrowing import visible_flags
from .wording import LAYERS, reason_text, value_text


class WhyForm(Form):
    flag = forms.CharField(label=_("Flag"), max_length=100)
    user = forms.EmailField(
        label=_("User"), required=False, max_length=254, help_text=_("E-mail address. Empty: any user.")
    )
    company = WholeNumberField(label=_("Company"), required=False, help_text=_("Its number, if it matters."))


class OperatorWhyForm(WhyForm):
    tenant = forms.CharField(label=_("Tenant"), max_length=63, help_text=_("As in its address."))
    field_order = ("flag", "tenant", "user", "company")


def operator_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    is_sent = bool(request.GET.keys() - {"flag"})  # a link from the page of a flag fills in the flag
    form = (
        OperatorWhyForm(request.GET)
        if is_sent
        else OperatorWhyForm(initial={"flag": request.GET.get("flag", "")})
    )
    page: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            with within(_tenant(form)):
                page = _explained(form)
        except Refusal as refusal:
            form.add_error("tenant", str(refusal))
    return TemplateResponse(request, "flags/why.html", context | page | {"form": form})


def tenant_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """Of the flags that apply to the tenant, without the wording of the platform's rules."""
    form = WhyForm(request.GET or None)
    page: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        if form.cleaned_data["flag"] in visible_flags():
            page = _explained(form)
        else:
            form.add_error("flag", gettext("There is no such flag."))
    return TemplateResponse(request, "flags/why.html", context | page | {"form": form})


def _tenant(form: forms.Form) -> TenantInfo:
    """Raises TenantUnknown."""
    return tenant_named(form.cleaned_data["tenant"].strip())


def _explained(form: forms.Form) -> dict[str, Any]:
    """For the current tenant. A wrong input is an error of its field."""
    fields = form.cleaned_data
    user = None
    if fields["user"]:
        user = identity.user_with_email(fields["user"])
        if user is None:
            form.add_error("user", gettext("The tenant has no such user."))
    if fields["flag"] not in queries.rule_set().keys:
        form.add_error("flag", gettext("There is no such flag."))
    if form.errors:
        return {}
    company = {"company": str(fields["company"])} if fields["company"] is not None else {}
    explanation = queries.explain(fields["flag"], queries.context_of(user, **company))
    return shown(fields["flag"], explanation, is_platform="tenant" in fields)


def shown(key: str, explanation: Explanation, *, is_platform: bool) -> dict[str, Any]:
    evaluation = explanation.evaluation
    return {
        "sentence": gettext("{key} is {value}: {reason}.").format(
            key=key, value=value_text(evaluation.value), reason=_sentence_part(evaluation.reason)
        ),
        "result": [
            (gettext("Value"), value_text(evaluation.value)),
            (gettext("Variant"), evaluation.variant or gettext("none")),
            (gettext("Reason"), reason_text(evaluation.reason)),
            *(
                [
                    (gettext("Rule"), evaluation.rule or "—"),
                    (gettext("Revision"), str(evaluation.revision or "—")),
                ]
                if is_platform
                else []
            ),
        ],
        "layers": [_layer(layer, explanation, is_platform=is_platform) for layer in explanation.layers],
    }


def _layer(layer: Layer, explanation: Explanation, *, is_platform: bool) -> Mapping[str, Any]:
    decides = layer.name == explanation.deciding
    reason = explanation.evaluation.reason
    return {
        "name": LAYERS.get(layer.name, layer.name),
        "state": _state(layer.passed, is_deciding=decides),
        "text": _text(layer) if is_platform else _own_text(layer.passed, reason, is_deciding=decides),
        "decides": decides,
    }


def _text(layer: Layer) -> str:
    return "" if layer.passed is None else layer.text


def _sentence_part(reason: str) -> str:
    text = reason_text(reason)
    return text[:1].lower() + text[1:]


def _state(passed: bool | None, *, is_deciding: bool) -> str:
    if is_deciding:
        return gettext("decides: open") if passed else gettext("decides: closed")
    return gettext("not reached") if passed is None else gettext("passed")


def _own_text(passed: bool | None, reason: str, *, is_deciding: bool) -> str:
    """For tenants: rules and segments of the platform may name other tenants."""
    if is_deciding:
        return reason_text(reason)
    return "" if passed is None else gettext("Lets pass.")


_VIEWS: Mapping[hooks.Plane, Callable[..., HttpResponseBase]] = {
    "operator": operator_page,
    "tenant": tenant_page,
}
for _plane, _view in _VIEWS.items():
    hooks.plug(
        _plane,
        hooks.Page(
            path="flags/why/",
            name="explain_flag",
            title=_("Why is it on?"),
            permission=VIEW,
            view=_view,
            group=_("Feature flags"),
            icon="help",
        ),
    )
