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


def _in_progress() -> str:
    return f"{queries.figures(business_day().year).in_progress:,}"


def _invoiced() -> str:
    invoiced = queries.figures(business_day().year).invoiced
    return (
        gettext("invoiced this year {totals}").format(totals=", ".join(str(total) for total in invoiced))
        if invoiced
        else gettext("nothing invoiced yet")
    )


def _failed_documents() -> str:
    return f"{queries.failed_documents():,}"


def _failed_note() -> str:
    return gettext("invoices without a document")


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
        value=_in_progress,
        note=_invoiced,
        link="admin:sales_order_changelist",
    ),
    hooks.Figure(
        title=_("Failed documents"),
        permission="sales.view_invoice",
        icon="assignment_late",
        value=_failed_documents,
        note=_failed_note,
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
