"""Pages for orders. The records that belong to an order are in relations.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.console.labels import Colours, display
from apps.console.list_filters import known_values
from apps.console.lists.amounts import amount_column
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.kernel.search import May
from apps.sagas import queries as sagas
from apps.sagas.models import Run
from apps.sales.models import Order, OrderLine, OrderQuerySet
from apps.sales.sagas import ORDER_TO_CASH
from apps.sales.search import ORDERS

from .customer_filter import OfCustomer
from .new_order import PROVIDERS

VIEW, CANCEL, REFUND = "sales.view_order", "sales.cancel_order", "sales.refund_order"
OF_PROVIDER = known_values(lambda _: [name for name, _ in PROVIDERS])
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

    shown_price = amount_column("price", description=_("Price"))
    shown_total = amount_column("total", description=_("Amount"))


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
    list_filter = ("state", "placed_at", "currency", ("provider", OF_PROVIDER), OfCustomer)
    lookups = ("customer__id__exact", "state__in")
    list_select_related = ("customer",)
    search = ORDERS
    search_help_text = _("Number, customer or amount")
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

    @display(description=_("Number"), ordering="id")
    def shown_number(self, order: Order) -> str:
        return order.number

    shown_total = amount_column("total", description=_("Total"), minor="amount_minor")

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


def _hits(orders: Sequence[Order], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            order.number,
            hooks.described(gettext("Order"), order.customer.name, order.total, order.get_state_display()),
            reverse("admin:sales_order_change", args=[order.pk]),
            "shopping_cart",
        )
        for order in orders
    ]


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Sales"),
        title=_("Orders"),
        icon="shopping_cart",
        url="admin:sales_order_changelist",
        permission=VIEW,
    ),
    hooks.RowSearch(
        permission=VIEW,
        search=ORDERS,
        rows=lambda: Order.objects.select_related("customer").order_by("-id"),
        hits=_hits,
    ),
)
