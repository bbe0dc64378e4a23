"""Building blocks of the consoles' pages.

Rows are looked at in the admin and changed by commands: nothing is added, edited or deleted behind the bus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.db import models
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline

from apps.bus import Command, dispatch_once
from apps.kernel import databases
from apps.kernel.errors import Refusal
from apps.kernel.tenant import current_tenant
from apps.modules import registry

from . import hooks

ServerFields = Mapping[str, Any]
KEY = "idempotency_key"
"""Each form carries one, so that a button pressed twice does what it says once."""


@dataclass(frozen=True)
class Link:
    """A button on a row's page that leads to a command."""

    title: str
    url: str
    icon: str = ""


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Looks and never touches. `links` are the commands about a row, `list_links` those that make a new one."""

    change_form_outer_before_template = "console/links.html"
    list_before_template = "console/links.html"
    list_per_page = 50
    list_fullwidth = True
    compressed_fields = True
    show_full_result_count = False
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody's, in a module that is not open here."""
        return not registry.shut(self.opts.app_label) and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def links(self, request: HttpRequest, obj: Any) -> Sequence[Link]:
        return ()

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        context = {"links": self.list_links(request), **(extra_context or {})}
        response: HttpResponseBase = super().changelist_view(request, context)
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        links = [*self.links(request, obj), *_plugged(request, obj), *_audit_log(request, obj)] if obj else []
        context = {"links": links, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own log knows nothing here: the audit log does."""
        return redirect(_audit_log_url(self.opts.label_lower, object_id))


def _plugged(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    return [
        Link(link.title, reverse(f"admin:{link.page}", args=[obj.pk]), link.icon)
        for link in hooks.row_links(plane, obj._meta.label_lower)
        if hooks.may(request, link) and link.when(obj)
    ]


def _audit_log(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    if not request.user.has_perm("audit.view_record"):
        return ()
    return (Link("Audit log", _audit_log_url(obj._meta.label_lower, databases.number_of(obj)), "history"),)


def _audit_log_url(label: str, pk: str) -> str:
    return (
        f"{reverse('admin:audit_record_changelist')}?{urlencode({'subject_type': label, 'subject_id': pk})}"
    )


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class CommandPage:
    """A page that does one command: what it is, a form, what stands against it, and a button.

    A subclass names the `command` and its `form`, and says what it means in `build`, `facts`, `sentence` and `back`.
    `given` is what the address says: {"period_id": 7}.
    """

    command: type[Command]
    form: type[Form] = Form
    template = "console/command.html"
    danger = False
    previews = False
    """Whether it has a second button that says what would be done: `preview(form, given)`."""

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        form = self.form(
            request.POST if request.method == "POST" else None, **self.form_options(server_fields)
        )
        refusals: Sequence[Refusal] = ()
        if self.previews and "preview" in request.POST and form.is_valid():
            shown = self._shown(form, (), server_fields) | {"facts": self.preview(form, server_fields)}
            return TemplateResponse(request, self.template, context | shown)
        if request.method == "POST" and form.is_valid():
            try:
                outcome = dispatch_once(
                    self.build(form, server_fields),
                    actor=request.user,
                    key=request.POST.get(KEY) or uuid4().hex,
                )
            except Refusal as refusal:
                refusals = refusal.refusals
            else:
                return self.done(request, outcome.result)
        shown = self._shown(form, refusals, server_fields)
        return TemplateResponse(request, self.template, context | shown, status=_status(refusals))

    def build(self, form: Form, server_fields: ServerFields) -> Command:
        return self.command(**server_fields, **form.cleaned_data)

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {}

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        """What the reader must know before he presses the button."""
        return ()

    def preview(self, form: Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        """What would be done, in facts. Nothing is done."""
        return ()

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        """What would be refused already now."""
        return ()

    def sentence(self, result: Any) -> str:
        return f"{self.command.title()}: {result}"

    def success_url(self, result: Any) -> str:
        """The URL name to go to, or a URL."""
        return "admin:index"

    def done(self, request: HttpRequest, result: Any) -> HttpResponseBase:
        messages.success(request, self.sentence(result))
        return redirect(self.success_url(result))

    def _shown(self, form: Form, refusals: Sequence[Refusal], server_fields: ServerFields) -> dict[str, Any]:
        return {
            "form": form,
            "key": form.data.get(KEY) or uuid4().hex,
            "refusals": refusals,
            "against": () if refusals else self.blocking_refusals(server_fields),
            "facts": self.facts(server_fields),
            "what": _first_sentences(self.command),
            "button": self.command.title(),
            "danger": self.danger,
            "previews": self.previews,
        }


def _first_sentences(command: type[Command]) -> str:
    return " ".join((command.__doc__ or "").split("\n\n")[0].split())


def _status(refusals: Sequence[Refusal]) -> int:
    return max((refusal.status for refusal in refusals), default=200)
