"""Building blocks of the consoles' pages.

The admin shows rows, and commands change them: nothing is added, edited or deleted outside the bus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from unfold.admin import TabularInline

from apps.bus import Command, Outcome, dispatch_once
from apps.bus.errors import FreshAuthenticationNeeded
from apps.bus.fresh_authentication import must_be_fresh
from apps.kernel import degradable
from apps.kernel.errors import Refusal
from apps.modules import registry

from . import list_filters
from .approval import button_of, request_approval
from .empty_lists import empty_list
from .errors import RowUnknown
from .flag_declarations import LIST_EXPORTS
from .form_keys import KEY, key_of
from .lists import amounts, csv_file
from .lists import bulk as bulk_commands
from .lists.bulk import BulkCommand
from .lists.filtered import FilteredList
from .related import related_tables
from .row_links import Link, audit_log_url, links_of, sections_of

ServerFields = Mapping[str, Any]
Facts = Sequence[tuple[str | Promise, str | Promise]]
"""Name and value of facts."""


__all__ = ["KEY", "key_of"]


class ReadOnlyAdmin(FilteredList):
    """Lists and rows without editing. `links` are the commands for a row, `list_links` those that create one.

    Each list has an `empty_message`, which names what it would contain; `creating_page` is the name of the page that
    creates a row, or `created_by` says what creates them instead. Its rows are also a CSV file, unless `without_csv`
    has the reason, and `bulk` has the commands for several rows. `rows_name` is the plural of
    its rows where the list has a name of its own.
    """

    bulk: Sequence[BulkCommand] = ()
    without_csv = ""
    created_by = ""
    empty_message: str | Promise
    creating_page = ""
    rows_name: str | Promise = ""
    change_list_template = "console/change_list.html"
    # Unfold's defaults of the templates are None, which would be their type. A template of an app in place of
    # console/sections.html includes it.
    change_form_outer_after_template: Any = "console/sections.html"
    change_form_outer_before_template: Any = "console/links.html"
    list_before_template: Any = "console/list_links.html"
    list_per_page = 50
    list_fullwidth = True
    compressed_fields = True
    show_full_result_count = False
    list_after_template: Any = "console/totals.html"

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """False for every user while the module is unavailable to the tenant."""
        return not registry.unavailable_module(self.opts.app_label) and bool(
            super().has_view_permission(request, obj)
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for a text that is not the number of a row: Django reads other digits as well."""
        if from_field is None and not list_filters.is_row_number(self.model, object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        csv = path("csv/", self.admin_site.admin_view(self.csv_view), name=name)
        return [*(() if self.without_csv else (csv,)), *super().get_urls()]

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """The rows of the list with the same parameters. Raises Degraded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        degradable.must_be_on(LIST_EXPORTS)
        return csv_file.response(self, self.get_changelist_instance(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return bulk_commands.actions(self, request) if self.bulk else {}

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any], *location: Any) -> Any:
        """Raises RowUnknown for a text that is not the number of a row."""
        for row in request.POST.getlist(ACTION_CHECKBOX_NAME):
            if not list_filters.is_row_number(self.model, row):
                raise RowUnknown(row=row[:40])
        return super().response_action(request, queryset, *location)

    def url_of(self, request: HttpRequest, row: models.Model) -> str:
        """The page of a row."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return add_preserved_filters(
            {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts},
            reverse(name, args=[row.pk]),
        )

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
    ) -> TemplateResponse:
        context = {
            "links": self.list_links(request),
            "csv_link": "" if self.without_csv else csv_file.link(request),
            "empty_list": empty_list(
                request,
                objects=str(self.rows_name or self.opts.verbose_name_plural),
                message=self.empty_message,
                creating_page=self.creating_page,
            ),
            **(extra_context or {}),
        }
        response = super().changelist_view(request, context)
        shown = getattr(response, "context_data", None) or {}
        if changelist := shown.get("cl"):
            shown |= amounts.totals_of(self, changelist)
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        links = [*self.links(request, obj), *links_of(request, obj)] if obj else []
        sections = sections_of(request, obj) if obj else []
        related = related_tables(request, obj) if obj and self.has_view_permission(request, obj) else ()
        context = {"links": links, "sections": sections, "related": related, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit log, in place of Django's own log, which is not written."""
        return redirect(audit_log_url(self.opts.label_lower, object_id))


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class CommandPage:
    """A page for one command: its description, facts, a form, the refusals to expect, and a button.

    A subclass names the `command` and its `form`, and overrides `build`, `facts`, `sentence` and `success_url`.
    `server_fields` are the arguments of the URL: {"period_id": 7}.
    """

    command: type[Command]
    form: type[Form] = Form
    template = "console/command.html"
    danger = False
    previews = False
    """Whether a second button shows the outcome of the command without running it, by `preview`."""

    def __call__(
        self, request: HttpRequest, *, context: dict[str, Any], **server_fields: Any
    ) -> HttpResponseBase:
        form = self.form_of(request, server_fields)
        if self.previews and "preview" in request.POST and form.is_valid():
            context |= self._page(form, (), server_fields) | {"facts": self.preview(form, server_fields)}
            return TemplateResponse(request, self.template, context)
        if request.method == "POST" and form.is_valid():
            must_be_fresh(self.command, request.user)
            try:
                command = self.build(form, server_fields)
                if response := request_approval(request, command, key_of(form)):
                    return response
                outcome = self.send(request, command, key_of(form))
            except FreshAuthenticationNeeded:
                raise  # of a command inside this one: the console asks for the password
            except Refusal as refusal:
                return self.refused(request, refusal, form, context, server_fields)
            return self.done(request, outcome.result)
        return TemplateResponse(request, self.template, context | self._page(form, (), server_fields))

    def refused(
        self,
        request: HttpRequest,
        refusal: Refusal,
        form: Form,
        context: dict[str, Any],
        server_fields: ServerFields,
    ) -> HttpResponseBase:
        """The page again, with the reasons."""
        page = self._page(form, refusal.refusals, server_fields)
        return TemplateResponse(request, self.template, context | page, status=_status(refusal.refusals))

    def send(self, request: HttpRequest, command: Command, key: str) -> Outcome:
        return dispatch_once(command, actor=request.user, key=key)

    def build(self, form: Form, server_fields: ServerFields) -> Command:
        return self.command(**server_fields, **form.cleaned_data)

    def form_of(self, request: HttpRequest, server_fields: ServerFields) -> Form:
        data = request.POST if request.method == "POST" else None
        return self.form(data, **self.form_options(server_fields))

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {}

    def facts(self, server_fields: ServerFields) -> Facts:
        """Name and value of facts that matter before the button is pressed."""
        return ()

    def preview(self, form: Form, server_fields: ServerFields) -> Facts:
        """The outcome of the command as facts, without running it."""
        return ()

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        """Reasons why the command would be refused at present, shown before it is tried."""
        return ()

    def sentence(self, result: Any) -> str:
        return f"{self.command.title()}: {result}"

    def success_url(self, result: Any) -> str:
        """URL, or name of a URL, to redirect to."""
        return "admin:index"

    def done(self, request: HttpRequest, result: Any) -> HttpResponseBase:
        messages.success(request, self.sentence(result))
        return redirect(self.success_url(result))

    def _page(self, form: Form, refusals: Sequence[Refusal], server_fields: ServerFields) -> dict[str, Any]:
        return {
            "form": form,
            "key": key_of(form),
            "refusals": refusals,
            "against": () if refusals else self.blocking_refusals(server_fields),
            "facts": self.facts(server_fields),
            "description": self.command.help_text(),
            **button_of(self.command),
            "danger": self.danger,
            "previews": self.previews,
        }


def _status(refusals: Sequence[Refusal]) -> int:
    return max((refusal.status for refusal in refusals), default=200)
