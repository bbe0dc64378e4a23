"""Building blocks of the consoles' pages.

The admin shows rows, and commands change them: nothing is added, edited or deleted outside the bus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db import DataError, models
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from unfold.admin import ModelAdmin, TabularInline

from apps.audit.field_versions import has_field_history
from apps.bus import Command, Outcome, dispatch_once
from apps.bus.errors import FreshAuthenticationNeeded
from apps.bus.fresh_authentication import must_be_fresh
from apps.bus.idempotency.keys import is_well_formed
from apps.kernel.db import databases
from apps.kernel.errors import Refusal
from apps.kernel.search import Search
from apps.kernel.tenant import current_tenant
from apps.modules import registry

from . import hooks, list_filters, palette
from .approval import button_of, request_approval
from .empty_lists import empty_list
from .errors import FilterMalformed, FilterUnknown

ServerFields = Mapping[str, Any]
Facts = Sequence[tuple[str | Promise, str | Promise]]
"""Name and value of facts."""
KEY = "idempotency_key"
"""Every form has one, so that a button pressed twice runs its command once."""


@dataclass(frozen=True)
class Link:
    """A button on a row's page that leads to a command."""

    title: str | Promise
    url: str
    icon: str = ""


class ReadOnlyAdmin(ModelAdmin):
    """Lists and rows without editing. `links` are the commands for a row, `list_links` those that create one.

    Each list has an `empty_message`, which names what it would contain; `creating_page` is the name of the page that
    creates a row, if there is one. A list is filtered by `list_filter`, `date_hierarchy` and the query parameters in
    `lookups`, which links of other pages use; every other parameter is refused. It is searched by `search`, or in the
    texts of `search_fields`.
    """

    lookups: Sequence[str] = ()
    search: Search | None = None
    empty_message: str | Promise
    creating_page = ""
    change_list_template = "console/change_list.html"
    # Unfold's defaults of the templates are None, which would be their type. A template of an app in place of
    # console/sections.html includes it.
    change_form_outer_after_template: Any = "console/sections.html"
    change_form_outer_before_template: Any = "console/links.html"
    list_before_template: Any = "console/links.html"
    list_per_page = 50
    list_fullwidth = True
    compressed_fields = True
    show_full_result_count = False
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """False for every user while the module is unavailable to the tenant."""
        return not registry.unavailable_module(self.opts.app_label) and bool(
            super().has_view_permission(request, obj)
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        list_filter = self.get_list_filter(request) if request else self.list_filter
        return lookup in self.lookups or lookup in list_filters.declared(
            self.model, list_filter, self.date_hierarchy
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuses a wrong filter with its reason. Django redirects to the list without filters."""
        for name, values in request.GET.lists():
            if name not in list_filters.NOT_FILTERS and not self.lookup_allowed(name, values[-1], request):
                raise FilterUnknown(name=name)
            self._must_be_well_formed(name, values[-1])
        try:
            return super().get_changelist_instance(request)
        except (IncorrectLookupParameters, ValueError, OverflowError, DataError) as error:
            raise FilterMalformed from error

    def _must_be_well_formed(self, name: str, value: str) -> None:
        """Raises PageUnknown, FilterMalformed."""
        if name == PAGE_VAR:
            palette.page_number(value)
        elif name not in list_filters.NOT_FILTERS:
            try:
                list_filters.must_be_well_formed(self.model, name, value)
            except Refusal as refusal:
                raise FilterMalformed from refusal

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Whether the list has a field for a search; the names are not used."""
        return (self.search.texts or ("pk",)) if self.search else self.search_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        search = self.search or Search(texts=self.search_fields)
        return search.rows(queryset, search_term, request.user.has_perm), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for a text that is not the number of a row: Django reads other digits as well."""
        if from_field is None and not list_filters.is_row_number(self.model, object_id):
            return None
        return super().get_object(request, object_id, from_field)

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
            "empty_list": empty_list(
                request,
                objects=str(self.opts.verbose_name_plural),
                message=self.empty_message,
                creating_page=self.creating_page,
            ),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        links = (
            [
                *self.links(request, obj),
                *_plugged(request, obj),
                *_field_history(request, obj),
                *_audit_log(request, obj),
            ]
            if obj
            else []
        )
        sections = _sections(request, obj) if obj else []
        context = {"links": links, "sections": sections, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit log, in place of Django's own log, which is not written."""
        return redirect(_audit_log_url(self.opts.label_lower, object_id))


def _plane() -> hooks.Plane:
    return "tenant" if current_tenant() else "operator"


def _sections(request: HttpRequest, obj: models.Model) -> Sequence[Mapping[str, Any]]:
    return [
        {"section": section, **section.context(request, obj)}
        for section in hooks.sections(_plane(), obj._meta.label_lower)
        if hooks.may(request, section)
    ]


def _plugged(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    return [
        Link(link.title, reverse(f"admin:{link.page}", args=[obj.pk]), link.icon)
        for link in hooks.row_links(_plane(), obj._meta.label_lower)
        if hooks.may(request, link) and link.when(obj)
    ]


def _field_history(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    if not (has_field_history(type(obj)) and request.user.has_perm("audit.view_record")):
        return ()
    subject = (obj._meta.label_lower, obj.pk)
    return (Link(gettext("Field history"), reverse("admin:field_history", args=subject), "difference"),)


def _audit_log(request: HttpRequest, obj: models.Model) -> Sequence[Link]:
    if not request.user.has_perm("audit.view_record"):
        return ()
    return (
        Link(
            gettext("Audit log"), _audit_log_url(obj._meta.label_lower, databases.number_of(obj)), "history"
        ),
    )


def _audit_log_url(label: str, pk: str) -> str:
    return (
        f"{reverse('admin:audit_record_changelist')}?{urlencode({'subject_type': label, 'subject_id': pk})}"
    )


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
        form = self.form(
            request.POST if request.method == "POST" else None, **self.form_options(server_fields)
        )
        refusals: Sequence[Refusal] = ()
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
                refusals = refusal.refusals
            else:
                return self.done(request, outcome.result)
        page = self._page(form, refusals, server_fields)
        return TemplateResponse(request, self.template, context | page, status=_status(refusals))

    def send(self, request: HttpRequest, command: Command, key: str) -> Outcome:
        return dispatch_once(command, actor=request.user, key=key)

    def build(self, form: Form, server_fields: ServerFields) -> Command:
        return self.command(**server_fields, **form.cleaned_data)

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


def key_of(form: Form) -> str:
    """The idempotency key of the form, or a new one for none and for one that a browser never sends."""
    key = str(form.data.get(KEY, ""))
    return key if is_well_formed(key) else uuid4().hex


def _status(refusals: Sequence[Refusal]) -> int:
    return max((refusal.status for refusal in refusals), default=200)
