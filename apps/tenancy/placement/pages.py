"""The databases, in the operator's console: placement, free capacity, and admission of new tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.bus.edits import Values
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.db import databases
from apps.kernel.notation.form_fields import WholeNumberField
from apps.tenancy.commands import ChangeDatabase, PinTenant, UnpinTenant
from apps.tenancy.models import Database, Tenant

from . import queries

MANAGE_PERMISSION = "tenancy.manage_databases"
YES_NO = (("yes", _("Yes")), ("no", _("No")))


def databases_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    return TemplateResponse(
        request, "tenancy/databases.html", context | {"rows": queries.database_statuses()}
    )


class AdmissionForm(Form):
    capacity = WholeNumberField(
        min_value=0, help_text=_("Tenants. Above 300 the database's catalogue becomes slow.")
    )
    region = forms.CharField(required=False, max_length=40, help_text=_("Its location, if that matters."))
    accepts_new = forms.ChoiceField(label=_("Accepts new tenants"), choices=YES_NO)
    reason = reason()


class ChangeDatabasePage(EditPage):
    command = ChangeDatabase
    form = AdmissionForm

    def values(self, server_fields: ServerFields) -> Values:
        if server_fields["key"] not in databases.known():
            raise Http404
        return super().values(server_fields)

    def initial(self, values: Values) -> Mapping[str, Any]:
        return {**values, "accepts_new": _word(values["accepts_new"])}

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        values = form.cleaned_data
        return ChangeDatabase(**server_fields, **values | {"accepts_new": values["accepts_new"] == "yes"})

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenants = Tenant.objects.filter(database=server_fields["key"])
        return (
            (gettext("Database"), server_fields["key"]),
            (gettext("Tenants"), f"{tenants.count():,}"),
            (gettext("Pinned"), f"{tenants.filter(pinned=True).count():,}"),
        )

    def sentence(self, result: Database) -> str:
        return gettext("{result}: up to {capacity:,} tenants; accepts new tenants: {yes_or_no}.").format(
            result=result, capacity=result.capacity, yes_or_no=_word(result.accepts_new)
        )

    def success_url(self, result: Database) -> str:
        return "admin:databases"


class Pin(CommandPage):
    command: type[Command] = PinTenant
    form = ReasonForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = Tenant.objects.filter(pk=server_fields["tenant_id"]).first()
        if tenant is None:
            raise Http404
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Database"), tenant.database),
            (gettext("Pinned"), _word(tenant.pinned)),
        )

    def success_url(self, result: Tenant) -> str:
        return "admin:databases"


class Unpin(Pin):
    command = UnpinTenant


def _word(yes: bool) -> str:
    return "yes" if yes else "no"


hooks.plug(
    "operator",
    hooks.Page(
        path="databases/",
        name="databases",
        title=_("Databases"),
        permission=MANAGE_PERMISSION,
        view=databases_page,
        group=_("Tenants"),
        icon="database",
    ),
    hooks.Page(
        path="databases/<slug:key>/",
        name="change_database",
        title=_("Change a database"),
        permission=MANAGE_PERMISSION,
        view=ChangeDatabasePage(),
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/pin/",
        name="pin_tenant",
        title=_("Pin a tenant"),
        permission=MANAGE_PERMISSION,
        view=Pin(),
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/unpin/",
        name="unpin_tenant",
        title=_("Unpin a tenant"),
        permission=MANAGE_PERMISSION,
        view=Unpin(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Pin to its database"),
        icon="keep",
        page="pin_tenant",
        permission=MANAGE_PERMISSION,
    ),
)
