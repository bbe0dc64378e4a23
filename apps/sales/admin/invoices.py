"""Pages for invoices and their documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.lists.amounts import amount_column
from apps.console.lists.bulk import BulkCommand
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.kernel.files.store import files
from apps.kernel.search import May
from apps.sales.commands import RetryInvoiceDocument
from apps.sales.models import Invoice
from apps.sales.queries import document_is_missing
from apps.sales.search import INVOICES

from .customer_filter import OfCustomer

VIEW, RETRY = "sales.view_invoice", "sales.issue_invoice"
STATES = Colours(
    {Invoice.State.STORED: "success", Invoice.State.ISSUED: "info", Invoice.State.FAILED: "danger"}
)


@admin.register(Invoice, site=tenant_site)
class InvoiceAdmin(ReadOnlyAdmin):
    """All invoices, the latest first."""

    creating_page = "new_order"
    bulk = (
        BulkCommand(
            name="retry_documents",
            title=_("Retry documents"),
            command=RetryInvoiceDocument,
            build=lambda invoice, _: RetryInvoiceDocument(invoice_id=invoice.pk),
            sentence=lambda invoice: gettext("The document of {invoice} is made again.").format(
                invoice=invoice
            ),
            order=("year", "number"),
        ),
    )
    empty_message = _("Invoices appear here when orders are completed.")
    list_display = ("shown_number", "issued_on", "customer_name", "shown_total", "order", "shown_state")
    list_filter = ("year", "state", "currency", OfCustomer)
    list_select_related = ("order",)
    search = INVOICES
    search_help_text = _("Number, customer, order or amount")
    date_hierarchy = "issued_on"
    ordering = ("-year", "-number")
    fields = (
        ("shown_number", "issued_on", "shown_state"),
        ("seller", "customer_name"),
        "customer_address",
        ("shown_total", "order", "entry"),
        "failure",
    )
    readonly_fields = ("shown_number", "shown_total", "shown_state")

    @display(description=_("Number"), ordering="number")
    def shown_number(self, invoice: Invoice) -> str:
        return str(invoice)

    shown_total = amount_column("total", description=_("Total"), minor="amount_minor")

    @display(description=_("State"), label=STATES)
    def shown_state(self, invoice: Invoice) -> str:
        return invoice.get_state_display()

    def links(self, request: HttpRequest, obj: Invoice) -> Sequence[Link]:
        order = Link(
            gettext("Order"), reverse("admin:sales_order_change", args=[obj.order_id]), "shopping_cart"
        )
        if obj.state == Invoice.State.FAILED and request.user.has_perm(RETRY):
            retry = reverse("admin:retry_invoice_document", args=[obj.pk])
            return (order, Link(gettext("Retry document"), retry, "replay"))
        if not obj.file:
            return (order,)
        return (
            order,
            Link(gettext("Download"), reverse("admin:download_invoice", args=[obj.pk]), "download"),
        )


class RetryDocument(CommandPage):
    command = RetryInvoiceDocument

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        invoice = Invoice.objects.filter(pk=server_fields["invoice_id"]).first()
        if invoice is None:
            return ((gettext("Invoice"), gettext("No invoice has this number.")),)
        return (
            (gettext("Invoice"), str(invoice)),
            (gettext("Customer"), invoice.customer_name),
            (gettext("State"), invoice.get_state_display()),
            (gettext("Reason"), invoice.failure or "—"),
        )

    def sentence(self, result: Invoice) -> str:
        return gettext("The document of {result} is being made again.").format(result=result)

    def success_url(self, result: Invoice) -> str:
        return reverse("admin:sales_invoice_change", args=[result.pk])


def download(request: HttpRequest, *, context: dict[str, Any], invoice_id: int) -> HttpResponseBase:
    """Redirects to the document; the link expires after five minutes. A missing document can be made again."""
    invoice = Invoice.objects.filter(pk=invoice_id).exclude(file="").first()
    if invoice is None:
        raise Http404
    if document_is_missing(invoice) and request.user.has_perm(RETRY):
        return redirect("admin:retry_invoice_document", invoice.pk)
    return redirect(files().url(invoice.file))


def _hits(invoices: Sequence[Invoice], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            str(invoice),
            hooks.described(
                gettext("Invoice"), invoice.customer_name, invoice.total, invoice.get_state_display()
            ),
            reverse("admin:sales_invoice_change", args=[invoice.pk]),
            "request_quote",
        )
        for invoice in invoices
    ]


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Sales"),
        title=_("Invoices"),
        icon="request_quote",
        url="admin:sales_invoice_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="sales/invoice/<int:invoice_id>/download/",
        name="download_invoice",
        title=_("Download invoice"),
        permission=VIEW,
        view=download,
    ),
    hooks.Page(
        path="sales/invoice/<int:invoice_id>/retry-document/",
        name="retry_invoice_document",
        title=_("Retry document"),
        permission=RETRY,
        view=RetryDocument(),
    ),
    hooks.RowSearch(
        permission=VIEW,
        search=INVOICES,
        rows=lambda: Invoice.objects.order_by("-year", "-number"),
        hits=_hits,
    ),
)
