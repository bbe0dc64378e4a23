"""The form for a new order: customer, payment method and lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch_once
from apps.companies import queries as companies
from apps.console import hooks
from apps.console.admin import key_of
from apps.console.chosen_codes import code_of
from apps.console.widgets import Form
from apps.inventory.models import Item
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import AmountField, WholeNumberField
from apps.sales.commands import OrderedItem, PlaceOrder
from apps.sales.models import Customer, Order

ROWS = 6
PROVIDERS = (("manual", _("Bank transfer")), ("sandbox", _("Card (sandbox)")))


class Head(Form):
    customer = forms.ChoiceField()
    currency = forms.CharField(max_length=3)
    provider = forms.ChoiceField(label=_("Payment method"), choices=PROVIDERS)
    token = forms.CharField(
        label=_("Card"), max_length=120, required=False, help_text=_("The provider's token, such as tok_ok.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customers = Customer.objects.filter(is_active=True)
        self.offer("customer", [(customer.code, str(customer)) for customer in customers])


class LineForm(Form):
    item = forms.CharField(required=False)
    quantity = WholeNumberField(required=False, min_value=1)
    price = AmountField(required=False)

    def clean_item(self) -> str:
        return code_of(self.cleaned_data["item"], Item.objects.all(), code="sku")

    def clean(self) -> dict[str, Any]:
        fields = self.cleaned_data
        if fields.get("item") and (fields.get("quantity") is None or fields.get("price") is None):
            raise forms.ValidationError(gettext("A line needs an item, a quantity and a price."))
        return fields

    def line(self) -> OrderedItem | None:
        fields = self.cleaned_data
        if not fields.get("item"):
            return None
        price: Decimal = fields["price"]
        return OrderedItem(sku=fields["item"], quantity=fields["quantity"], price=price)


LineForms = formset_factory(LineForm, extra=ROWS)


def new_order(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """Empty rows are ignored."""
    data = request.POST if request.method == "POST" else None
    head, lines = Head(data, initial=_defaults()), LineForms(data)
    refusals: Sequence[Refusal] = ()
    if data is not None and head.is_valid() and lines.is_valid():
        try:
            order = _dispatch(request, head, lines)
        except Refusal as refusal:
            refusals = refusal.refusals
        else:
            messages.success(request, gettext("{order} was placed.").format(order=order))
            return redirect("admin:sales_order_change", order.pk)
    page = {
        "form": head,
        "lines": lines,
        "refusals": refusals,
        "items": Item.objects.filter(is_active=True).select_related("stock"),
        "key": key_of(head),
    }
    status = max((refusal.status for refusal in refusals), default=200)
    return TemplateResponse(request, "sales/new_order.html", context | page, status=status)


def _dispatch(request: HttpRequest, head: Head, lines: Any) -> Order:
    command = PlaceOrder(
        lines=tuple(line for form in lines if (line := form.line()) is not None), **head.cleaned_data
    )
    order: Order = dispatch_once(command, actor=request.user, key=key_of(head)).result
    return order


def _defaults() -> dict[str, str]:
    company = companies.first_company()
    return {"currency": company.currency if company else ""}


hooks.plug(
    "tenant",
    hooks.Page(
        path="sales/new-order/",
        name="new_order",
        title=_("New order"),
        permission="sales.place_order",
        view=new_order,
        group=_("Sales"),
        icon="add_shopping_cart",
    ),
)
