"""Pages for orders; the page of an order lists its payments, goods, invoice and journal entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, Link, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.payments.models import Refund
from apps.sagas import queries as sagas
from apps.sagas.models import Run
from apps.sales import queries
from apps.sales.commands import CancelOrder, RefundOrder
from apps.sales.models import Order, OrderLine, OrderQuerySet
from apps.sales.sagas import ORDER_TO_CASH

VIEW, CANCEL, REFUND = "sales.view_order", "sales.cancel_order", "sales.refund_order"
STATES = Colours(
    {
        Order.State.PLACED: "info",
        Order.State.CONFIRMED: "info",
        Order.State.PAID: "info",
        Order.State.INVOICED: "info",
        Order.State.COMPLETED: "success",
        Order.State.CANCELLED: "warning",
    }
)
WORKFLOW_LABELS = Colours(
    {
        Run.State.NEEDS_ATTENTION: "danger",
        Run.State.COMPENSATING: "warning",
        Run.State.COMPENSATED: "warning",
    }
)


class LineInline(ReadOnlyInline):
    model = OrderLine
    fields = ("line_no", "item", "quantity", "shown_price", "shown_total")
    readonly_fields = fields
    verbose_name_plural = _("lines")

    @admin.display(description=_("Price"))
    def shown_price(self, line: OrderLine) -> str:
        return str(line.price)

    @admin.display(description=_("Amount"))
    def shown_total(self, line: OrderLine) -> str:
        return str(line.total)


@admin.register(Order, site=tenant_site)
class OrderAdmin(ReadOnlyAdmin):
    """All orders, the latest first."""

    empty_message = _(
        "Orders of your customers appear here, each with its workflow from reservation to invoice."
    )
    creating_page = "new_order"
    list_display = (
        "shown_number",
        "placed_at",
        "customer",
        "shown_total",
        "shown_state",
        "shown_workflow",
        "why",
    )
    list_filter = ("state", "provider")
    list_select_related = ("customer",)
    search_fields = ("customer__code", "customer__name")
    search_help_text = _("The customer's code or name")
    ordering = ("-id",)
    inlines = (LineInline,)
    fields = (
        ("shown_number", "shown_state", "customer"),
        ("shown_workflow", "shown_last_error"),
        ("shown_total", "provider"),
        ("placed_at", "placed_by"),
        "why",
    )
    readonly_fields = ("shown_number", "shown_total", "shown_state", "shown_workflow", "shown_last_error")
    change_form_outer_after_template = "sales/order_related.html"

    @display(description=_("Number"), ordering="id")
    def shown_number(self, order: Order) -> str:
        return order.number

    @admin.display(description=_("Total"), ordering="amount_minor")
    def shown_total(self, order: Order) -> str:
        return str(order.total)

    @display(description=_("State"), label=STATES)
    def shown_state(self, order: Order) -> str:
        return order.get_state_display()

    def get_queryset(self, request: HttpRequest) -> OrderQuerySet:
        return cast(OrderQuerySet, super().get_queryset(request)).with_saga_state()

    @display(description=_("Workflow"), label=WORKFLOW_LABELS)
    def shown_workflow(self, order: Order) -> str:
        state = getattr(order, "saga_state", None)
        return str(Run.State(state).label) if state else gettext("Not started")

    @admin.display(description=_("Last error"))
    def shown_last_error(self, order: Order) -> str:
        return getattr(order, "last_error", None) or "—"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        related = {"parts": _parts(request, order)} if order else {}
        return super().change_view(request, object_id, form_url, related | (extra_context or {}))

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        if not request.user.has_perm("sales.place_order"):
            return ()
        return (Link(gettext("New order"), reverse("admin:new_order"), "add_shopping_cart"),)

    def links(self, request: HttpRequest, obj: Order) -> Sequence[Link]:
        links = []
        run = sagas.run_of(ORDER_TO_CASH, obj.subject)
        if run and request.user.has_perm("sagas.view_run"):
            links.append(Link(gettext("Workflow"), reverse("admin:sagas_run_change", args=[run.pk]), "route"))
        can_stop = obj.state in (Order.State.PLACED, Order.State.CONFIRMED, Order.State.PAID)
        if can_stop and request.user.has_perm(CANCEL):
            links.append(Link(gettext("Cancel"), reverse("admin:cancel_order", args=[obj.pk]), "cancel"))
        if obj.has_reached(Order.State.PAID) and request.user.has_perm(REFUND):
            links.append(Link(gettext("Refund"), reverse("admin:refund_order", args=[obj.pk]), "undo"))
        return links


def _parts(request: HttpRequest, order: Order) -> Sequence[dict[str, Any]]:
    """Records of other apps about the order that the user may view: a heading, rows of text and link, and the text
    of an empty list."""
    related = queries.related_records(order.pk)
    parts = (
        (
            "payments.view_payment",
            gettext("Payments"),
            [gettext("Payment"), gettext("Amount"), gettext("State"), gettext("Refunded")],
            _payments(related),
            gettext("No payment was requested yet."),
        ),
        (
            "inventory.view_reservation",
            gettext("Goods"),
            [gettext("Reservation"), gettext("Goods"), gettext("State")],
            _goods(related),
            gettext("No goods are reserved yet."),
        ),
        (
            "sales.view_invoice",
            gettext("Invoice"),
            [gettext("Number"), gettext("Date"), gettext("Total"), gettext("Document")],
            _invoice(related),
            gettext("No invoice was issued yet."),
        ),
        (
            "ledger.view_entry",
            gettext("Journal entries"),
            [gettext("Entry"), gettext("Date"), gettext("Memo")],
            _entries(related),
            gettext("No entry was posted yet."),
        ),
    )
    return [
        {"title": title, "headers": headers, "rows": rows, "empty": empty}
        for permission, title, headers, rows, empty in parts
        if request.user.has_perm(permission)
    ]


Rows = list[list[tuple[str, str]]]


def _payments(related: queries.RelatedRecords) -> Rows:
    return [
        [
            (f"P-{payment.pk}", reverse("admin:payments_payment_change", args=[payment.pk])),
            (str(payment.amount), ""),
            (payment.get_state_display(), ""),
            (str(payment.refunded) if payment.refunded_minor else "—", ""),
        ]
        for payment in related.payments
    ]


def _goods(related: queries.RelatedRecords) -> Rows:
    reservation = related.reservation
    if reservation is None:
        return []
    link = reverse("admin:inventory_reservation_change", args=[reservation.pk])
    goods = ", ".join(str(line) for line in reservation.lines.all())
    return [[(reservation.reference, link), (goods, ""), (reservation.get_state_display(), "")]]


def _invoice(related: queries.RelatedRecords) -> Rows:
    invoice = related.invoice
    if invoice is None:
        return []
    link = reverse("admin:download_invoice", args=[invoice.pk]) if invoice.file else ""
    return [
        [
            (str(invoice), reverse("admin:sales_invoice_change", args=[invoice.pk])),
            (f"{invoice.issued_on:%d %B %Y}", ""),
            (str(invoice.total), ""),
            (gettext("Download") if link else gettext("Pending"), link),
        ]
    ]


def _entries(related: queries.RelatedRecords) -> Rows:
    return [
        [
            (str(entry), reverse("admin:ledger_entry_change", args=[entry.pk])),
            (f"{entry.posted_on:%d %B %Y}", ""),
            (entry.memo, ""),
        ]
        for entry in related.entries
    ]


class OrderCommandPage(CommandPage):
    """A command on one order."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        order = Order.objects.select_related("customer").filter(pk=server_fields["order_id"]).first()
        if order is None:
            return ((gettext("Order"), gettext("No order has this number.")),)
        return (
            (gettext("Order"), order.number),
            (gettext("Customer"), str(order.customer)),
            (gettext("Total"), str(order.total)),
            (gettext("State"), order.get_state_display()),
        )


class Cancel(OrderCommandPage):
    command = CancelOrder
    form = ReasonForm
    danger = True

    def sentence(self, result: Order) -> str:
        return gettext("{result} is cancelled. Its goods are released and its payment is refunded.").format(
            result=result
        )

    def success_url(self, result: Order) -> str:
        return reverse("admin:sales_order_change", args=[result.pk])


class RefundForm(Form):
    amount = forms.DecimalField(max_digits=19, decimal_places=4)
    reason = reason()
    reference = forms.CharField(
        max_length=80, help_text=_("Identifies this refund among those of the order.")
    )


class RefundPage(OrderCommandPage):
    command = RefundOrder
    form = RefundForm
    danger = True

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"initial": {"reference": uuid4().hex[:8]}}

    def sentence(self, result: Refund) -> str:
        return gettext("{amount} is refunded to the customer.").format(amount=result.amount)

    def success_url(self, result: Refund) -> str:
        return reverse("admin:payments_payment_change", args=[result.payment_id])


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Sales"),
        title=_("Orders"),
        icon="shopping_cart",
        url="admin:sales_order_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="sales/order/<int:order_id>/cancel/",
        name="cancel_order",
        title=_("Cancel order"),
        permission=CANCEL,
        view=Cancel(),
    ),
    hooks.Page(
        path="sales/order/<int:order_id>/refund/",
        name="refund_order",
        title=_("Refund order"),
        permission=REFUND,
        view=RefundPage(),
    ),
)
