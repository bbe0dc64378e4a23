"""The page between a form and a command that demands a fresh authentication.

It asks for the password and then sends the form again exactly as it was, with its idempotency key. The values wait in
the page itself, never in a session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus.errors import FreshAuthenticationNeeded
from apps.kernel.errors import Refusal

from .widgets import Form

PREFIX = "step_up"
CSRF_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field
View = Callable[..., HttpResponseBase]


class PasswordForm(Form):
    prefix = PREFIX

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


def with_step_up(view: View) -> View:
    """Shows the page where the view raises FreshAuthenticationNeeded, and judges the password that it sends."""

    @wraps(view)
    def stepping_up(
        request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        if request.method == "POST" and f"{PREFIX}-password" in request.POST:
            form = PasswordForm(request.POST)
            if not form.is_valid():
                return _page(request, context, form)
            try:
                _confirm(settings.REAUTHENTICATE)(request, form.cleaned_data["password"])
            except Refusal as refusal:
                return _page(request, context, form, refusal.refusals)
        try:
            return view(request, context=context, **server_fields)
        except FreshAuthenticationNeeded:
            return _page(request, context, PasswordForm())

    return stepping_up


def _page(
    request: HttpRequest, context: dict[str, Any], form: PasswordForm, refusals: Sequence[Refusal] = ()
) -> HttpResponseBase:
    status = refusals[0].status if refusals else FreshAuthenticationNeeded.status
    page = context | {
        "title": gettext("Confirm your password"),
        "command_title": context["title"],
        "form": form,
        "refusals": refusals,
        "values": _values(request),
    }
    return TemplateResponse(request, "console/step_up.html", page, status=status)


def _values(request: HttpRequest) -> Sequence[tuple[str, str]]:
    """Names and values of the form that was sent, in their order."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name != CSRF_TOKEN and not name.startswith(f"{PREFIX}-")
        for value in values
    ]


@cache
def _confirm(path: str) -> Callable[[HttpRequest, str], None]:
    confirm: Callable[[HttpRequest, str], None] = import_string(path)
    return confirm
