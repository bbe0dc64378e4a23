"""Pages for customers."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.kernel.search import May
from apps.sales.commands import (
    AddCustomer,
    ChangeCustomer,
    DeactivateCustomer,
    ReactivateCustomer,
    SetUpSales,
)
from apps.sales.models import Customer
from apps.sales.search import CUSTOMERS

VIEW, MANAGE, SET_UP = "sales.view_customer", "sales.manage_customers", "sales.set_up_sales"


@admin.register(Customer, site=tenant_site)
class CustomerAdmin(ReadOnlyAdmin):
    """All customers, by code."""

    unfiltered = "a customer has no state: it is searched by code, name and e-mail address"
    empty_message = _("The customers that place orders appear here.")
    creating_page = "add_customer"
    list_display = ("code", "name", "email", "address", "is_active")
    list_filter = ("is_active",)
    search = CUSTOMERS
    search_help_text = _("Code, name or e-mail address")
    ordering = ("code",)
    fields = (("code", "name", "email", "is_active"), "address")

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        links = []
        if request.user.has_perm(MANAGE):
            links.append(Link(gettext("Add customer"), reverse("admin:add_customer"), "person_add"))
        if request.user.has_perm(SET_UP):
            links.append(Link(gettext("Set up sales"), reverse("admin:set_up_sales"), "settings"))
        return links

    def links(self, request: HttpRequest, obj: Customer) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        change = Link(gettext("Edit"), reverse("admin:change_customer", args=[obj.pk]), "edit")
        if obj.is_active:
            return change, Link(
                gettext("Deactivate"), reverse("admin:deactivate_customer", args=[obj.pk]), "person_off"
            )
        return change, Link(
            gettext("Reactivate"), reverse("admin:reactivate_customer", args=[obj.pk]), "person_check"
        )


class CustomerForm(Form):
    name = forms.CharField(max_length=200)
    email = forms.EmailField(required=False)
    address = forms.CharField(
        widget=forms.Textarea, required=False, help_text=_("As printed on invoices, line by line.")
    )


class NewCustomer(CustomerForm):
    code = forms.CharField(max_length=32)
    field_order = ("code",)


class Add(CommandPage):
    command = AddCustomer
    form = NewCustomer

    def sentence(self, result: Customer) -> str:
        return gettext("Customer {result} was added.").format(result=result)

    def success_url(self, result: Customer) -> str:
        return "admin:sales_customer_changelist"


class _OnCustomer(CommandPage):
    """A command about one customer."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return ((gettext("Customer"), str(get_object_or_404(Customer, pk=server_fields["customer_id"]))),)

    def success_url(self, result: Customer) -> str:
        return reverse("admin:sales_customer_change", args=[result.pk])


class Change(_OnCustomer, EditPage):
    command, form = ChangeCustomer, CustomerForm

    def sentence(self, result: Customer) -> str:
        return gettext("Customer {result} was changed.").format(result=result)


class Deactivate(_OnCustomer):
    command, form, danger = DeactivateCustomer, ReasonForm, True

    def sentence(self, result: Customer) -> str:
        return gettext("Customer {result} places no more orders.").format(result=result)


class Reactivate(_OnCustomer):
    command, form = ReactivateCustomer, ReasonForm

    def sentence(self, result: Customer) -> str:
        return gettext("Customer {result} can place orders again.").format(result=result)


class SetUp(CommandPage):
    command = SetUpSales

    def sentence(self, result: None) -> str:
        return gettext("The accounts of sales are open.")

    def success_url(self, result: None) -> str:
        return "admin:ledger_account_changelist"


def _hits(customers: Sequence[Customer], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(customer),
            hooks.described(gettext("Customer"), customer.email),
            reverse("admin:sales_customer_change", args=[customer.pk]),
            "person",
        )
        for customer in customers
    ]


hooks.plug(
    "tenant",
    hooks.SetUpStep(
        rank=5,
        title=_("First customer"),
        permission="sales.manage_customers",
        is_done=Customer.objects.exists,
        link="admin:add_customer",
    ),
    hooks.MenuItem(
        group=_("Sales"),
        title=_("Customers"),
        icon="groups",
        url="admin:sales_customer_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="sales/add-customer/",
        name="add_customer",
        title=_("Add customer"),
        permission=MANAGE,
        view=Add(),
    ),
    hooks.Page(
        path="sales/customers/<int:customer_id>/edit/",
        name="change_customer",
        title=_("Edit customer"),
        permission=MANAGE,
        view=Change(),
    ),
    hooks.Page(
        path="sales/customers/<int:customer_id>/deactivate/",
        name="deactivate_customer",
        title=_("Deactivate customer"),
        permission=MANAGE,
        view=Deactivate(),
    ),
    hooks.Page(
        path="sales/customers/<int:customer_id>/reactivate/",
        name="reactivate_customer",
        title=_("Reactivate customer"),
        permission=MANAGE,
        view=Reactivate(),
    ),
    hooks.Page(
        path="sales/set-up/", name="set_up_sales", title=_("Set up sales"), permission=SET_UP, view=SetUp()
    ),
    hooks.RowSearch(
        permission=VIEW, search=CUSTOMERS, rows=lambda: Customer.objects.order_by("code"), hits=_hits
    ),
)
