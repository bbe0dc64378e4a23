"""The list of all commands, with permission, queue and events."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.bus.catalogue import catalogue
from apps.console import hooks


def commands(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    return TemplateResponse(request, "monitoring/commands.html", context | {"rows": catalogue()})


hooks.plug(
    "operator",
    hooks.Page(
        path="commands/",
        name="commands",
        title=_("Commands"),
        permission="bus.view_idempotencykey",
        view=commands,
        group=_("System"),
        icon="terminal",
    ),
)
