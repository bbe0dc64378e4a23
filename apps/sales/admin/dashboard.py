"""Sales on the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.sales import queries
from apps.sales.models import Order
from apps.settings.business_day import business_day

VIEW = "sales.view_order"


def _in_progress() -> hooks.Reading:
    figures = queries.figures(business_day().year)
    totals = ", ".join(str(total) for total in figures.invoiced)
    note = (
        gettext("invoiced this year {totals}").format(totals=totals)
        if totals
        else gettext("nothing invoiced yet")
    )
    return hooks.Reading(figures.in_progress, note)


def _failed_documents() -> hooks.Reading:
    return hooks.Reading(queries.failed_documents(), gettext("invoices without a document"))


def _latest() -> Sequence[Sequence[Any]]:
    return [
        [
            (order.number, reverse("admin:sales_order_change", args=[order.pk])),
            order.customer.name,
            str(order.total),
            order.get_state_display(),
        ]
        for order in Order.objects.select_related("customer").order_by("-id")[:6]
    ]


hooks.plug(
    "tenant",
    hooks.Figure(
        title=_("Orders in progress"),
        permission=VIEW,
        icon="shopping_cart",
        read=_in_progress,
        link="admin:sales_order_changelist",
        query=f"?state__in={','.join(Order.IN_PROGRESS)}",
    ),
    hooks.Figure(
        title=_("Failed documents"),
        permission="sales.view_invoice",
        icon="assignment_late",
        read=_failed_documents,
        link="admin:sales_invoice_changelist",
        query="?state__exact=failed",
    ),
    hooks.Table(
        title=_("Latest orders"),
        permission=VIEW,
        headers=(_("Number"), _("Customer"), _("Total"), _("State")),
        rows=_latest,
        empty=_("Place the first order from the menu."),
        link="admin:sales_order_changelist",
    ),
)
