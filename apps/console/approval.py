"""The button of a command that needs an approval: it requests the approval, and leads to the page of the request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext

from apps.bus import Command
from apps.bus.approval_gate import approval_gate, needs_approval


def button_of(command: type[Command]) -> dict[str, Any]:
    """The context of its page."""
    if needs_approval(command):
        return {"button": gettext("Request approval"), "needs_approval": True}
    return {"button": command.title()}


def request_approval(request: HttpRequest, command: Any, key: str) -> HttpResponseBase | None:
    """None for a command that needs no approval. The reason is that of the command, which `@handles` requires of it."""
    if not needs_approval(command):
        return None
    stored = approval_gate().request(command, actor=request.user, reason=command.reason, key=key)
    messages.success(request, gettext("The approval is requested. Another person decides on it."))
    return redirect(f"admin:{settings.APPROVAL_PAGE}", request_id=stored.pk)
